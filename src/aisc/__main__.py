from aisc.cli.main import main

main()
