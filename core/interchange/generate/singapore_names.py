"""Names, languages and addresses as people in Singapore have them."""

from __future__ import annotations

from random import Random


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("|" if "|" in text else None))


CHINESE_FAMILY = _listed(
    "Tan Lim Lee Ng Ong Wong Goh Chua Chan Koh Teo Ang Yeo Tay Ho Low Toh Sim Chong Chia Seah Quek Foo Heng"
    " Chew Lau Neo Phua Yap Soh"
)
CHINESE_FIRST = _listed("Wei Jia Hui Xin Zhi Jun Yi Kai Mei Li Siew Kok Boon Chee Swee Ah Geok Shu Ying Min Yong")
CHINESE_SECOND = {
    "female": _listed("Ling Min Xuan Ting Hwa Eng Hui Qi Yan Fang Lan Choo Hoon Lian Wen En Shan Ning"),
    "male": _listed("Jie Hao Ming Keong Seng Huat Liang Wei Kiat Heng Yang Rui Loong Meng Teck Chuan Xiang Wah"),
}
ENGLISH = {
    "female": _listed("Rachel Grace Michelle Sharon Vivian Joanne Cheryl Amanda Nicole Jasmine Serene Doreen"),
    "male": _listed("Daniel Benjamin Marcus Alvin Desmond Ryan Kelvin Gabriel Raymond Vincent Ivan Adrian"),
}
MALAY = {
    "female": _listed(
        "Nur Aisyah|Siti Nurhaliza|Nurul Huda|Siti Aminah|Nur Syafiqah|Rohani|Zainab|Faridah|Nadia|Haslinda"
        "|Nur Iman|Khadijah"
    ),
    "male": _listed(
        "Muhammad Faiz|Ahmad Rizal|Mohamed Hafiz|Muhammad Irfan|Ismail|Rahim|Abdul Aziz|Shahrul|Hakim|Zulkifli"
        "|Muhammad Danish|Yusof"
    ),
}
MALAY_FATHER = _listed("Rahman Ismail Osman Hassan Abdullah Yusof Salleh Ibrahim Kassim Hamid Sulaiman Bakar")
INDIAN = {
    "female": _listed("Priya Kavitha Lakshmi Deepa Anjali Meena Shanti Revathi Divya Nithya Geetha Saroja"),
    "male": _listed("Arjun Rajesh Suresh Vijay Karthik Ganesh Prakash Ravi Dinesh Mohan Anand Siva"),
}
INDIAN_FATHER = _listed("Subramaniam Ramasamy Krishnan Pillai Nair Govindasamy Muthu Rajendran Letchumanan Samy Menon")
EURASIAN = {
    "female": _listed("Maria Anne Christine Louise Teresa Natalie Vanessa Sarah"),
    "male": _listed("Mark Joseph Peter Brian Gerard Kenneth Jonathan Paul"),
}
EURASIAN_FAMILY = _listed("de Souza|Pereira|Oliveiro|Shepherdson|D'Cruz|Rozario|Clarke|Westerhout|Monteiro")

GROUPS = ("chinese", "malay", "indian", "eurasian")
SHARES = (0.743, 0.878, 0.968, 1.0)
LANGUAGES = {
    "chinese": ("English", "Mandarin", "Mandarin"),
    "malay": ("English", "Malay", "Malay"),
    "indian": ("English", "Tamil", "English"),
    "eurasian": ("English",),
}

ESTATES = (
    ("Toa Payoh Lorong 4", "310"),
    ("Bishan Street 13", "570"),
    ("Ang Mo Kio Avenue 3", "560"),
    ("Bedok North Road", "460"),
    ("Tampines Street 81", "520"),
    ("Jurong West Street 52", "640"),
    ("Woodlands Drive 14", "730"),
    ("Yishun Ring Road", "760"),
    ("Hougang Avenue 8", "530"),
    ("Sengkang East Way", "540"),
    ("Punggol Field", "820"),
    ("Clementi Avenue 2", "120"),
    ("Stirling Road", "140"),
    ("Jalan Bukit Merah", "150"),
    ("Choa Chu Kang Avenue 4", "680"),
    ("Bukit Batok West Avenue 6", "650"),
    ("Pasir Ris Drive 6", "510"),
    ("Serangoon North Avenue 1", "550"),
    ("Aljunied Crescent", "380"),
)


def group(rng: Random) -> str:
    """A community, by its share of the population."""
    drawn = rng.random()
    return next(name for name, share in zip(GROUPS, SHARES, strict=True) if drawn <= share)


def full_name(rng: Random, community: str, sex: str) -> str:
    """A name of that community."""
    pick = rng.choice
    if community == "malay":
        return f"{pick(MALAY[sex])} {'binte' if sex == 'female' else 'bin'} {pick(MALAY_FATHER)}"
    if community == "indian":
        return f"{pick(INDIAN[sex])} {'d/o' if sex == 'female' else 's/o'} {pick(INDIAN_FATHER)}"
    if community == "eurasian":
        return f"{pick(EURASIAN[sex])} {pick(EURASIAN_FAMILY)}"
    name = f"{pick(CHINESE_FAMILY)} {pick(CHINESE_FIRST)} {pick(CHINESE_SECOND[sex])}"
    return f"{pick(ENGLISH[sex])} {name}" if rng.random() < 0.3 else name


def address(rng: Random) -> str:
    """A flat in a public estate; the postcode ends in the block's number, as theirs do."""
    road, sector = rng.choice(ESTATES)
    block, floor, unit = rng.randrange(100, 900), rng.randrange(2, 26), rng.randrange(1, 400)
    return f"Blk {block} {road} #{floor:02}-{unit:02}, Singapore {sector}{block}"


def phone(rng: Random) -> str:
    """A mobile number."""
    number = rng.randrange(8_0000000, 9_9000000)
    return f"+65 {number // 10000} {number % 10000:04}"
