from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_link_by_address")]

    operations = [
        migrations.AddIndex("run", models.Index(fields=["state", "id"], name="run_by_state")),
        migrations.AddIndex("job", models.Index(fields=["state", "-id"], name="job_by_state")),
        migrations.AddIndex("job", models.Index(fields=["project", "state", "-id"], name="job_by_project_state")),
        migrations.AddIndex("job", models.Index(fields=["submitted_by", "ended_at"], name="job_ended_by_person")),
    ]
