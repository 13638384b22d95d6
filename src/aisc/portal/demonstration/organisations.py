"""The organisations of the demonstration's year and their people. All of them are invented."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Someone:
    """A person of an organisation: role there, name as they write it, and the part of the address before the @."""

    role: str
    name: str
    local: str
    language: str = ""


@dataclass(frozen=True)
class Place:
    """An organisation: the first of its people registers it. ``day``: days before the end at which that was."""

    key: str
    category: str
    name_en: str
    name_zh: str
    address: str
    day: int
    people: tuple[Someone, ...]


def _p(*rows: tuple[str, ...]) -> tuple[Someone, ...]:
    return tuple(Someone(*row) for row in rows)


PLACES = (
    Place(
        "lionrock",
        "university",
        "Lion Rock University",
        "獅子山大學",
        "1 Sha Tin Pass, New Territories",
        362,
        _p(
            ("owner", "張文慧 Cheung Man-wai", "mwcheung", "zh-hant"),
            ("manager", "Dr Olumide Adeyemi", "adeyemi", "en"),
            ("member", "吳卓謙 Ng Cheuk-him", "chng", "zh-hant"),
            ("member", "Priya Raghunathan", "priya", "en"),
            ("finance", "鄧麗珍 Tang Lai-chun", "finance", "zh-hant"),
        ),
    ),
    Place(
        "tolo",
        "university",
        "Tolo Harbour University",
        "吐露港大學",
        "88 Tolo Path, New Territories",
        361,
        _p(
            ("owner", "Prof. Henrike Vogelsang", "vogelsang", "en"),
            ("manager", "周子維 Chow Tsz-wai", "twchow", "zh-hant"),
            ("member", "金书妍 Jin Shuyan", "syjin", "zh-hans"),
            ("member", "Mateus Carvalho", "mateus", "en"),
        ),
    ),
    Place(
        "eastbays",
        "university",
        "University of the Eastern Bays",
        "東灣大學",
        "20 Bay Road East, Hong Kong Island",
        358,
        _p(
            ("owner", "羅啟邦 Law Kai-pong", "kplaw", "zh-hant"),
            ("member", "Zainab Haidari", "zainab", "en"),
            ("member", "山口 彩花 Yamaguchi Ayaka", "ayaka", "en"),
            ("read_only", "Siobhán Ní Dhomhnaill", "siobhan", "en"),
        ),
    ),
    Place(
        "feingo",
        "university",
        "Fei Ngo Shan Institute of Technology",
        "飛鵝山工業學院",
        "7 Clear Water Terrace, Kowloon",
        352,
        _p(
            ("owner", "區嘉敏 Au Ka-man", "kmau", "zh-hant"),
            ("member", "Tomasz Wiśniewski", "tomasz", "en"),
            ("member", "彭俊傑 Pang Chun-kit", "ckpang", "zh-hant"),
        ),
    ),
    Place(
        "maonshan",
        "university",
        "Ma On Shan School of Medicine",
        "馬鞍山醫學院",
        "3 Hospital Lane, Ma On Shan",
        349,
        _p(
            ("owner", "Dr 葉穎詩 Yip Wing-sze", "wsyip", "zh-hant"),
            ("manager", "Dr Rajesh Balasubramaniam", "rajesh", "en"),
            ("member", "Lê Hoàng Phúc", "phuc", "en"),
            ("member", "關詠琳 Kwan Wing-lam", "wlkwan", "zh-hant"),
        ),
    ),
    Place(
        "cantonese",
        "research",
        "Institute for Cantonese Language Technology",
        "粵語科技研究所",
        "Unit 12, Yau Ma Tei Works, Kowloon",
        360,
        _p(
            ("owner", "麥子晴 Mak Tsz-ching", "tcmak", "zh-hant"),
            ("member", "Léa Fontaine", "lea", "en"),
            ("member", "蘇浩然 So Ho-yin", "hyso", "zh-hant"),
        ),
    ),
    Place(
        "pearl",
        "research",
        "South Pearl Materials Laboratory",
        "南珠材料研究所",
        "5 Science Row, Tai Po",
        355,
        _p(
            ("owner", "Dr 钱思远 Qian Siyuan", "qian", "zh-hans"),
            ("manager", "Ingrid Sørensen", "ingrid", "en"),
            ("member", "Дмитрий Орлов Dmitri Orlov", "orlov", "en"),
        ),
    ),
    Place(
        "climate",
        "research",
        "Centre for Urban Climate Modelling",
        "城市氣候模擬中心",
        "2 Wind Street, Kowloon",
        346,
        _p(
            ("owner", "Dr Amelia Whitcombe-Ho 何慧賢", "amelia", "en"),
            ("member", "石家銘 Shek Ka-ming", "kmshek", "zh-hant"),
            ("member", "Bùi Thanh Hương", "huong", "en"),
        ),
    ),
    Place(
        "genome",
        "research",
        "Lantau Genomics Institute",
        "大嶼基因組研究所",
        "9 Mui Wo Bay Road, Lantau",
        340,
        _p(
            ("owner", "Dr Chukwuemeka Nwosu", "nwosu", "en"),
            ("manager", "韋曉彤 Wai Hiu-tung", "htwai", "zh-hant"),
            ("member", "Sofía Martínez Ibarra", "sofia", "en"),
        ),
    ),
    Place(
        "remote",
        "research",
        "Victoria Gap Institute of Remote Sensing",
        "維峽遙感研究所",
        "41 Gap Road, Hong Kong Island",
        330,
        _p(
            ("owner", "霍冠豪 Fok Koon-ho", "khfok", "zh-hant"),
            ("member", "Yusuf Demirtaş", "yusuf", "en"),
        ),
    ),
    Place(
        "shipping",
        "enterprise",
        "Tin Hau Shipping Analytics Limited",
        "天后航運數據有限公司",
        "18/F, Causeway Tower, Hong Kong Island",
        351,
        _p(
            ("owner", "倫美儀 Lun Mei-yee", "mylun", "zh-hant"),
            ("member", "Dimitris Papadakis", "dimitris", "en"),
            ("finance", "Rosalind Achterberg", "accounts", "en"),
        ),
    ),
    Place(
        "film",
        "enterprise",
        "Yau Tong Film Works Limited",
        "油塘映畫製作有限公司",
        "Shop 3, Old Dye Works, Yau Tong",
        344,
        _p(
            ("owner", "江雪兒 Kong Suet-yi", "sykong", "zh-hant"),
            ("member", "차은우 Cha Eun-woo", "eunwoo", "en"),
            ("member", "Marguerite Okonjo", "marguerite", "en"),
        ),
    ),
    Place(
        "kwaifong",
        "enterprise",
        "Kwai Fong Logistics Technology Limited",
        "葵芳物流科技有限公司",
        "Block B, Container Lane, Kwai Chung",
        335,
        _p(
            ("owner", "甘志豪 Kam Chi-ho", "chkam", "zh-hant"),
            ("member", "Somchai Rattanakul", "somchai", "en"),
        ),
    ),
    Place(
        "insure",
        "enterprise",
        "Three Sisters Insurance Analytics Limited",
        "三姊妹保險數據有限公司",
        "30/F, Harbour Row, Wan Chai",
        320,
        _p(
            ("owner", "Beatrice Lam-Hargreaves 林碧翠", "beatrice", "en"),
            ("finance", "游淑芬 Yau Suk-fan", "sfyau", "zh-hant"),
            ("member", "Arjun Mehrotra", "arjun", "en"),
        ),
    ),
    Place(
        "imaging",
        "enterprise",
        "Wong Nai Chung Medical Imaging Limited",
        "黃泥涌醫療影像有限公司",
        "Happy Valley Medical Block, Hong Kong",
        310,
        _p(
            ("owner", "Dr 譚德輝 Tam Tak-fai", "tftam", "zh-hant"),
            ("member", "Noor ul-Huda", "noor", "en"),
            ("member", "Wikitoria Ngata", "wikitoria", "en"),
        ),
    ),
    Place(
        "egret",
        "startup",
        "Egret Speech Limited",
        "白鷺語音有限公司",
        "Hot desk 14, Tai Kok Tsui Lofts",
        357,
        _p(
            ("owner", "簡心怡 Kan Sum-yee", "sykan", "zh-hant"),
            ("member", "Elif Yıldız", "elif", "en"),
            ("member", "文俊熙 Man Chun-hei", "chman", "zh-hant"),
        ),
    ),
    Place(
        "kapok",
        "startup",
        "Kapok Vision Limited",
        "木棉視覺科技有限公司",
        "Unit 6, Fo Tan Works, Sha Tin",
        347,
        _p(
            ("owner", "Gabriel Tse 謝嘉豪", "gabriel", "zh-hant"),
            ("member", "Nokuthula Dlamini", "nokuthula", "en"),
        ),
    ),
    Place(
        "mango",
        "startup",
        "Mango Tram Games Limited",
        "芒果叮叮遊戲有限公司",
        "4/F, Tramside House, Sai Ying Pun",
        300,
        _p(
            ("owner", "盧芷澄 Lo Tsz-ching", "tclo", "zh-hant"),
            ("member", "Björn Þórðarson", "bjorn", "en"),
        ),
    ),
    Place(
        "signal8",
        "startup",
        "Signal Eight Weather Limited",
        "八號風球天氣科技有限公司",
        "Room 802, Stormhouse, Kwun Tong",
        339,
        _p(
            ("owner", "Jasper Yuen 阮景朗", "jasper", "zh-hant"),
            ("member", "Hina Kobayashi 小林 陽菜", "hina", "en"),
            ("member", "Abdulrahman Al-Mutairi", "abdul", "en"),
        ),
    ),
    Place(
        "banyan",
        "startup",
        "Banyan Legal AI Limited",
        "榕樹法律科技有限公司",
        "11/F, Arbour Court, Central",
        290,
        _p(
            ("owner", "卓凱婷 Cheuk Hoi-ting", "htcheuk", "zh-hant"),
            ("member", "Oisín Gallagher", "oisin", "en"),
        ),
    ),
    Place(
        "minibus",
        "startup",
        "Green Roof Minibus Mobility Limited",
        "綠頂小巴出行有限公司",
        "Depot Office, Ngau Tau Kok",
        280,
        _p(
            ("owner", "尹國棟 Wan Kwok-tung", "ktwan", "zh-hant"),
            ("member", "Tadesse Bekele", "tadesse", "en"),
        ),
    ),
    Place(
        "copper",
        "startup",
        "Copper Kettle Robotics Limited",
        "銅壺機械人有限公司",
        "G/F, Kettle Yard, San Po Kong",
        325,
        _p(
            ("owner", "Valentina Cruz-Leung", "valentina", "en"),
            ("member", "龍家瑋 Lung Ka-wai", "kwlung", "zh-hant"),
        ),
    ),
    Place(
        "taio",
        "startup",
        "Tai O Smart Fisheries Limited",
        "大澳智慧漁業有限公司",
        "Stilt House 22, Tai O",
        270,
        _p(
            ("owner", "石美玲 Shek Mei-ling", "mlshek", "zh-hant"),
            ("member", "Anjali Fernando", "anjali", "en"),
        ),
    ),
    Place(
        "harbour",
        "government",
        "Harbour Waters Department",
        "海港水域署",
        "Government Pier Offices, Central",
        343,
        _p(
            ("owner", "莫嘉欣 Mok Ka-yan", "kymok", "zh-hant"),
            ("member", "Stephen Achebe-Wright", "stephen", "en"),
            ("read_only", "馮偉倫 Fung Wai-lun", "wlfung", "zh-hant"),
        ),
    ),
)

# Those whom the small demonstration has as well; two of their people can sign in.
FAMILIAR = (
    Place(
        "robotics",
        "startup",
        "Harbour Robotics Limited",
        "海港機械人有限公司",
        "Unit 5, Demonstration Building, Hong Kong",
        355,
        _p(
            ("owner", "", "applicant@example.org"),
            ("member", "", "researcher@example.org"),
            ("finance", "賴頌恩 Lai Chung-yan", "finance", "zh-hant"),
        ),
    ),
    Place(
        "marine",
        "research",
        "Institute of Marine Computing",
        "海洋計算研究所",
        "Pier 9, Demonstration Bay",
        350,
        _p(
            ("owner", "", "applicant@example.org"),
            ("member", "Dr Whetu Parata", "parata", "en"),
        ),
    ),
)

# The centre's own people beside those who can sign in: key, name, roles.
COLLEAGUES = (
    ("desk2", "Margaret Osei-Tutu", ("secretariat",)),
    ("assessor2", "Prof. 岑錦棠 Shum Kam-tong", ("assessor",)),
    ("assessor3", "Dr Katarzyna Zielińska", ("assessor",)),
    ("assessor4", "Dr Keawe Kahananui", ("assessor",)),
    ("committee2", "伍美蓮 Ng Mei-lin", ("committee",)),
    ("operator2", "Camille Desrosiers", ("operator",)),
)
