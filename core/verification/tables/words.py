"""Ordinary words by what they do in a claim. A word in none of these tables must come from a cited row."""

from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _by_word(spellings: dict[Any, str]) -> dict[str, Any]:
    return {word: meaning for meaning, words in spellings.items() for word in words.split()}


# Words that say nothing about the patient by themselves.
FILLER = _words(
    """
    a an the this that these those which who whom whose what when where there here it its it's they them their he
    she his her him hers i we our your you of in on at by to from with within into onto upon about as per via than
    then and or nor but while whereas also both such so too plus is are was were be been being am do does did done
    has have had having patient patients pt individual person subject name named case mr mrs ms miss mdm dr please
    note noted notes measured measurement measurements recorded record records recording documented documentation
    document listed lists list reported reports shows showed shown show showing reads read reading readings
    indicates observed observation observations obtained found finding findings result results resulted level levels
    value values measure measures figure figures test tests tested testing testings assay lab labs laboratory panel
    sample reveals revealed revealing stands stood came come comes back returned registered entered entry entries
    according chart file system data available date dated day time times taken drawn performed carried out made
    given seen respectively approximately approx around roughly nearly almost just circa up down total score scored
    scoring scale rated rating points point number count counts percent percentage rate units unit mean blood serum
    plasma venous body vital vitals sign signs clinical medical health medicine medicines medication medications
    drug drugs prescription prescriptions treatment dose doses dosage dosing strength formulation form condition
    conditions problem problems diagnosis diagnoses disorder disorders disease diseases illness visit visits
    encounter encounters appointment appointments consultation consultations allergen allergens reaction reactions
    substance substances year years month months week weeks days hour hours period one two three four five six seven
    eight nine ten overall same different more most less least very further another other others each every all any
    some several many few multiple single new newly old older later earlier subsequently status state following
    against compared comparison versus vs relative between among across over during throughout until till through
    since before after ago n/a trend trends trajectory pattern crept edged trended trending care whether if appears
    appear appeared remains remain remained get gets got s t course born birth written for criticality severity
    flagged flag going went gone go goes use used uses using usage ran run runs running include includes included
    including gives give gave giving wrote write preferred tall mention mentioned mentions detail details summary
    summarised overview evident evidence experienced experience experiences experiencing suffered suffer suffering
    sustained developed develops developing underwent received receives receive receiving supplied treatments
    managed therapy therapies regimen background classed classified categorised marked labelled graded interpreted
    lies lie lay sits sit sitting outside inside carries carry affecting affects affected involving involves
    involved bout occurrence occurrences occurring instance noticed demonstrated demonstrates displayed displays
    yielded yields produced produces exactly precisely specifically notably additionally moreover furthermore
    similarly likewise meanwhile thereafter afterwards afterward eventually finally lastly namely meaning means
    meant stay stays stayed corresponds corresponding equals equal equivalent amounts amounted amount set sets
    consists consisted comprised comprises comprising consist part parts kind type types category setting site under
    aforementioned together alone along well look looks looked looking check checks checked checking tracked
    tracking followed follows lasting long short span spanning spanned extended extending window stretch timeline
    timepoint moment interval baseline register logged log logs captured capture collected collect collection
    reporting report communicated verify database sheet dataset information clinic facility centre center practice
    department provider make makes making put puts hold holds held keep keeps kept integer decimal exact rounded
    rounding rounds self himself herself themselves itself oneself own ones everything anything something nothing
    thing things way ways main chief key relevant respective particular certain yes thank accordance terms term
    regarding concerning respect relating amongst amid towards toward beyond onwards onward forward again can doing
    become becomes became becoming seems seem seemed seeming turned turns turn attends attending presents visited
    visiting admits arrival arrived arrives quantity quantities concentration concentrations ratio index tier top
    bottom entire whole partial identity identifier id dob he'd she'd they'd who's that's there's here's what's
    let's words wording verbatim quote quoted quotes text entitled called label labels listing listings item items
    survey questionnaire questionnaires screens screening forms tool tools instrument instruments assessed assesses
    assessing assess evaluation evaluated episode episodes presence bearing eg ie etc ref reference references range
    ranges limits limit occurred occurs occur took place event began begin begins first second third initial latest
    recent recently manifested manifesting manifests presenting presented clinician doctor physician nurse gp said
    says say stated states described describes response answer answered answers question asked assessment examined
    examination known history attended lasted lasts duration onset begun hovering hovered standing situated marginal
    small large big sizeable notable noticeable clear clearly distinct apparent apparently evidently close near
    comfortably safely squarely firmly barely narrowly sampled assayed quantified calculated computed derived
    determined ascertained established identified discovered picked clocked reached reaching attained totalled
    numbered placed administered administration issued ordered pill pills coded code codes complaint complaints
    issue issues matter saw consulted attendance attendances session trip dating dates originally formally
    officially stamped timed effective stating explicitly documents documentary picture profile altogether sum
    afternoon occasion occasions compares compare comparing consecutive successive sequential serial separate pair
    trio couple either
    series sequence happens happening turning returning moves moving shifted shift shifts stepped travelled freshly
    far hitherto obtainable filed theirs ours yours minus approximates approximating nearest
    """
)

# A word of a record type: it needs a cited row of that type (or a row that says the word).
TYPE_WORDS = _by_word(
    {
        ("allergy",): "allergy allergies allergic intolerance intolerant sensitivity reacts reacted",
        ("prescription",): "prescribed prescribes medicated",
        ("condition", "visit"): "diagnosed diagnosis",
    }
)

# Words that state a condition's or a medicine's standing.
STATUS_WORDS = _by_word(
    {
        "active": """active current currently ongoing continues continuing continued still remain remains present
                    presently now takes taking persists persisting unresolved maintained""",
        "stopped": "stopped discontinued ceased withdrawn halted discontinuation stopping",
        "completed": "completed finished complete completion",
        "ended": """resolved resolve resolves resolving cleared recovered resolution subsided inactive ended previously
                    formerly former past previous expired healed settled cured""",
        "cancelled": "cancelled canceled",
        "on-hold": "paused held suspended",
    }
)

# Words that may stand between a standing and what has it: "active problems: A", "ongoing treatment with B".
STATUS_LEADS = _words(
    """
    condition conditions problem problems diagnosis diagnoses medicine medicines medication medications drug drugs
    prescription prescriptions allergy allergies treatment with include includes including is are : ( of list the a an
    on for
    """
)
START_WORDS = _words(
    """
    started starting start starts began begun begin initiated commenced commencing introduced prescribed onset
    diagnosed diagnosis since from first identified given dispensed arrived opened admitted presented issued ordered
    """
)
STOP_WORDS = _words(
    """
    stopped stopping stop ended ending ends end until till discontinued ceased completed finished resolved resolving to
    through resolution withdrawn cleared discharged closed discharge recovered expired -
    """
)

# Words that change what is said; nobody may add one that the record does not hold.
INFERENCE = _words(
    """
    because due secondary cause caused causes causing attributed attributable suggests suggesting suggestive suggest
    indicative indicating consistent likely probably possibly possible probable may might could should would will
    shall must plan plans planned planning recommend recommended recommends recommendation advise advised consider
    considered considering therefore thus hence reflecting reflects response responding responded despite expected
    risk controlled uncontrolled explained explains resulting led leads leading owing thanks follow-up warrants
    warranted requires needs need target goal suspected presumed appears
    """
)

RISE = _words(
    """
    rose rise rises risen rising increase increased increases increasing climbed climbing climbs higher up gained
    grew upward gain gains gaining surged jumped soared rebounded
    """
)
FALL = _words(
    """
    fell fall falls fallen falling decrease decreased decreases decreasing declined declining decline dropped drop
    dropping drops lower down reduced reducing reduction lost downward lowered loss losing dipped plummeted slipped
    sank eased
    """
)
STEADY = _words("stable unchanged steady similar constant static plateaued flat")
BETTER = _words("improved improving improvement improves better")
WORSE = _words("worsened worsening worse deteriorated deteriorating deterioration")

HIGH = _words("high elevated elevation raised increased above hyper excessive exceeds exceed exceeded exceeding")
LOW = _words("low reduced decreased below depressed subnormal diminished")
NORMAL = _words("normal unremarkable normalised")
ABNORMAL = _words("abnormal deranged")
BORDERLINE = _words("borderline")
CRITICAL = _words("critical critically panic")
SLIGHT = _words("slightly mildly modestly modest mild slight marginally minimally")
MARKED = _words("markedly significantly substantially grossly severely considerably very dramatically sharply")

NEGATORS = _words(
    """
    no not never without denies denied deny denying nil none neither nor absent absence free isn't wasn't aren't
    weren't hasn't doesn't didn't don't cannot can't non lacks lacking negative excluded unlikely
    """
)
NEGATION_ENDS = _words(
    """
    but however although though except has had have who whereas while yet otherwise reports presents takes is was
    """
)
HEDGES = _words(
    """
    suspected possible possibly probable probably query likely may might could presumed potential risk screening
    rule unlikely
    """
)
PLANS = _words(
    """
    plan plans planned planning consider considering considered if should will recommend recommended advise advised
    would discuss discussed offer offered pending review refer referred referral schedule scheduled
    """
)
RELATIVES = _words(
    """
    mother father brother sister son daughter grandmother grandfather aunt uncle cousin fhx fh parent parents
    sibling siblings maternal paternal relative relatives wife husband spouse mother's father's brother's sister's
    grandparent grandparents grandmother's grandfather's children twin family mum dad mom niece nephew
    """
)

MALE = _words("man male boy gentleman he his him himself mr")
FEMALE = _words("woman female girl lady she her hers herself mrs ms miss mdm")
STATED_SEX = _words("man male boy gentleman woman female girl lady")

_COUNTING = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
NUMBER_WORDS: dict[str, int] = {word: number for number, word in enumerate(_COUNTING.split())}
NUMBER_WORDS |= {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "single": 1, "once": 1, "twice": 2}

# What may be counted, by record type.
COUNTED = _by_word(
    {
        "visit": """visit visits encounter encounters appointment appointments consultation consultations admission
                    admissions attendances""",
        "observation": """reading readings result results measurement measurements observation observations test tests
                          values""",
        "prescription": """prescription prescriptions medicine medicines medication medications drug drugs courses
                           course""",
        "condition": "condition conditions problem problems diagnosis diagnoses episode episodes",
        "allergy": "allergy allergies",
        "note": "note notes",
        "any": "times occasions occasion",
    }
)

NO_VALUES = _words("no negative none never false absent")
