/*
 * Copyright (C) 2026 Distill Guard
 *
 * Words.  Patterns are expanded by words_pattern(): %n and %m are nouns of
 * the topic, %p one in the plural, %v a verb and %g its -ing, %a an
 * adjective, %d an adverb, %N a person, %w a word coined, %c a place, %j a
 * trade, %t the topic, %# a small number and %h a greater one; {one|another}
 * is either.  What is fixed in a pattern stays shorter than the runs of
 * letters that stand for a template, but in "stocks": those are what
 * everybody says.
 */


#include "eval.h"


const topic_t  topics[] = {
    { "cooking",
      { "oven", "skillet", "broth", "dough", "marinade", "lentil", "saffron",
        "casserole", "whisk", "sourdough", "glaze", "dumpling", "spice",
        "vinegar", "pantry", "recipe", "butter", "custard", "pepper",
        "simmer", NULL } },
    { "gardening",
      { "compost", "trellis", "seedling", "hedge", "mulch", "orchard",
        "aphid", "greenhouse", "bulb", "pruner", "lawn", "soil", "tulip",
        "bramble", "fence", "irrigation", "pollen", "weed", "shovel", "bloom",
        NULL } },
    { "cycling",
      { "derailleur", "saddle", "spoke", "helmet", "puncture", "pannier",
        "handlebar", "chainring", "brake", "climb", "tandem", "mudguard",
        "tube", "pedal", "hub", "trail", "sprocket", "axle", "ride",
        "commute", NULL } },
    { "finance",
      { "ledger", "invoice", "dividend", "mortgage", "audit", "bond",
        "payroll", "portfolio", "deficit", "pension", "refund", "voucher",
        "asset", "loan", "premium", "tariff", "budget", "receipt", "creditor",
        "surplus", NULL } },
    { "medicine",
      { "vaccine", "symptom", "dosage", "artery", "clinic", "antibody",
        "fracture", "allergy", "biopsy", "insulin", "tendon", "migraine",
        "surgeon", "placebo", "lesion", "fever", "nerve", "kidney", "asthma",
        "tablet", NULL } },
    { "law",
      { "contract", "plaintiff", "statute", "clause", "verdict", "lease",
        "trademark", "appeal", "warrant", "notary", "copyright", "hearing",
        "tenant", "arbitration", "affidavit", "witness", "liability",
        "custody", "deposition", "license", NULL } },
    { "astronomy",
      { "comet", "nebula", "telescope", "eclipse", "orbit", "asteroid",
        "galaxy", "pulsar", "crater", "meteor", "spectrum", "satellite",
        "quasar", "parallax", "moon", "planet", "supernova", "redshift",
        "observatory", "corona", NULL } },
    { "chemistry",
      { "catalyst", "polymer", "solvent", "isotope", "beaker", "titration",
        "crystal", "enzyme", "acid", "electrode", "residue", "alloy", "vapor",
        "reagent", "buffer", "molecule", "ester", "oxide", "filter",
        "reaction", NULL } },
    { "history",
      { "treaty", "dynasty", "siege", "empire", "monastery", "peasant",
        "harbor", "archive", "revolt", "census", "crusade", "charter",
        "monarch", "parliament", "merchant", "fortress", "chronicle",
        "republic", "colony", "plague", NULL } },
    { "music",
      { "chord", "melody", "cello", "tempo", "chorus", "overture", "octave",
        "bassline", "lyric", "concerto", "drummer", "sonata", "encore",
        "violin", "rhythm", "ballad", "synthesizer", "tuning", "opera",
        "trumpet", NULL } },
    { "networks",
      { "router", "packet", "firewall", "subnet", "gateway", "socket",
        "latency", "proxy", "handshake", "cable", "switch", "protocol",
        "payload", "timeout", "certificate", "bandwidth", "resolver",
        "tunnel", "header", "checksum", NULL } },
    { "databases",
      { "index", "query", "schema", "cursor", "migration", "replica",
        "trigger", "transaction", "column", "shard", "snapshot", "backup",
        "partition", "lock", "record", "sequence", "view", "join",
        "constraint", "cache", NULL } },
    { "programming",
      { "function", "compiler", "loop", "pointer", "parser", "closure",
        "iterator", "thread", "exception", "module", "recursion", "callback",
        "variable", "stack", "buffer", "regex", "lambda", "class", "debugger",
        "refactoring", NULL } },
    { "robotics",
      { "gripper", "sensor", "actuator", "servo", "encoder", "chassis",
        "gyroscope", "lidar", "joint", "battery", "controller", "wheel",
        "calibration", "torque", "camera", "motor", "drone", "waypoint",
        "relay", "firmware", NULL } },
    { "travel",
      { "itinerary", "visa", "hostel", "ferry", "luggage", "airport",
        "souvenir", "railway", "border", "passport", "terminal", "suitcase",
        "layover", "guidebook", "island", "customs", "boarding", "museum",
        "shuttle", "detour", NULL } },
    { "housing",
      { "landlord", "radiator", "plaster", "attic", "chimney", "insulation",
        "gutter", "balcony", "mortar", "faucet", "tile", "drain", "boiler",
        "carpet", "hinge", "skylight", "basement", "paint", "shingle",
        "window", NULL } },
    { "school",
      { "homework", "teacher", "essay", "exam", "classroom", "syllabus",
        "scholarship", "lecture", "textbook", "dormitory", "grade",
        "semester", "thesis", "tutor", "quiz", "seminar", "campus", "library",
        "diploma", "principal", NULL } },
    { "farming",
      { "tractor", "harvest", "barn", "fertilizer", "cattle", "wheat", "silo",
        "pasture", "drought", "plough", "dairy", "poultry", "fodder",
        "orchard", "vineyard", "stable", "seed", "hay", "crop", "beehive",
        NULL } },
    { "weather",
      { "blizzard", "monsoon", "barometer", "humidity", "thunder",
        "hurricane", "drizzle", "forecast", "frost", "heatwave", "cyclone",
        "fog", "gust", "rainfall", "cloud", "avalanche", "tornado", "hail",
        "dew", "temperature", NULL } },
    { "animals",
      { "falcon", "hedgehog", "otter", "salmon", "beetle", "giraffe",
        "tortoise", "parrot", "wolf", "dolphin", "squirrel", "lizard", "moth",
        "badger", "penguin", "octopus", "crow", "mare", "kitten", "spider",
        NULL } },
    { "fashion",
      { "sleeve", "corduroy", "hem", "zipper", "fabric", "pattern", "stitch",
        "collar", "denim", "velvet", "scarf", "tailor", "embroidery",
        "lining", "silk", "button", "runway", "pleat", "boot", "jacket",
        NULL } },
    { "sports",
      { "referee", "goalkeeper", "league", "tournament", "paddle", "sprint",
        "marathon", "relay", "coach", "racket", "stadium", "penalty", "medal",
        "wrestler", "puck", "hurdle", "archery", "dribble", "serve", NULL } },
    { "art",
      { "canvas", "palette", "fresco", "sculpture", "sketch", "pigment",
        "etching", "gallery", "portrait", "easel", "mosaic", "charcoal",
        "varnish", "perspective", "mural", "glaze", "engraving", "collage",
        "frame", "studio", NULL } },
    { "philosophy",
      { "virtue", "premise", "paradox", "ethics", "skeptic", "dialogue",
        "axiom", "duty", "syllogism", "freedom", "essence", "doubt",
        "causality", "utility", "consciousness", "stoic", "dilemma",
        "justice", "metaphor", "intuition", NULL } },
    { "marketing",
      { "slogan", "campaign", "newsletter", "brand", "audience", "discount",
        "funnel", "survey", "banner", "testimonial", "logo", "segment",
        "influencer", "webinar", "landing", "billboard", "loyalty",
        "copywriter", "headline", NULL } },
    { "logistics",
      { "warehouse", "pallet", "courier", "container", "forklift", "shipment",
        "inventory", "dock", "manifest", "barcode", "depot", "trailer",
        "parcel", "freight", "carrier", "backlog", "dispatch", "crate",
        "supplier", "lorry", NULL } },
    { "energy",
      { "turbine", "reactor", "pipeline", "inverter", "grid", "boiler",
        "transformer", "coal", "generator", "dam", "substation", "fuel",
        "meter", "cooling", "windmill", "voltage", "storage", "emission",
        "outage", "panel", NULL } },
    { "games",
      { "dungeon", "chessboard", "quest", "avatar", "puzzle", "dice",
        "tournament", "sprite", "wizard", "treasure", "checkpoint", "riddle",
        "arcade", "token", "joystick", "opponent", "castle", "scoreboard",
        "rook", "maze", NULL } },
    { "geology",
      { "granite", "fault", "lava", "sediment", "mineral", "erosion",
        "glacier", "basalt", "canyon", "quartz", "earthquake", "fossil",
        "limestone", "mantle", "cavern", "plateau", "geyser", "ridge",
        "shale", "delta", NULL } },
    { "family",
      { "wedding", "nephew", "grandmother", "toddler", "reunion", "stroller",
        "sibling", "curfew", "bedtime", "babysitter", "anniversary", "cousin",
        "allowance", "birthday", "household", "adoption", "nursery", "uncle",
        "picnic", "argument", NULL } },
    { "film",
      { "screenplay", "director", "montage", "trailer", "villain", "lens",
        "dialogue", "studio", "premiere", "subtitle", "cameo", "stunt",
        "soundtrack", "animation", "sequel", "casting", "close-up",
        "documentary", "projector", "scene", NULL } },
    { "biology",
      { "chromosome", "membrane", "ribosome", "predator", "habitat",
        "mutation", "larva", "ecosystem", "fungus", "neuron", "pollen",
        "species", "protein", "virus", "algae", "hormone", "spore", "tissue",
        "gene", "bacterium", NULL } },
    { NULL, { NULL } }
};


const char  *verbs[] = {
    "bake", "measure", "repair", "compare", "arrange", "explain", "replace",
    "collect", "describe", "sort", "paint", "balance", "carry", "deliver",
    "inspect", "borrow", "translate", "polish", "calculate", "observe",
    "defend", "predict", "improve", "gather", "divide", "launch", "restore",
    "examine", "weigh", "rotate", "combine", "estimate", "publish", "sketch",
    "reduce", "handle", "connect", "freeze", "store", "attach", "clean",
    "adjust", "rescue", "heat", "design", "shorten", "record", "water",
    "mend", "harvest", "trace", "mount", "align", "refill", "label", "test",
    "copy", "hide", "review", "teach", "manage", "prepare", "protect",
    "remove", "share", "invent", "transport", "decorate", "import", "export",
    "verify", "encode", "rename", "rebuild", "schedule", "question", "track",
    "finance", "negotiate", "assemble", "expand", "remember", "forget",
    "solve", "support", "imitate", "rewrite", "choose", "renew", "return",
    "release", "monitor", "classify", "extend", "merge", "validate", "visit",
    "extract", "compress", "sharpen", "illuminate", "announce", "summon",
    "deny", "confirm", "postpone", "finish", "soften", "harden", "welcome",
    "dissolve", "exchange", "practice", "deploy",
    NULL
};


const char  *adjectives[] = {
    "brittle", "cheap", "quiet", "modern", "ancient", "heavy", "narrow",
    "generous", "local", "damp", "fragile", "bitter", "golden", "reliable",
    "curious", "hollow", "steep", "famous", "gentle", "hidden", "crooked",
    "public", "private", "frozen", "portable", "proper", "ordinary", "severe",
    "shallow", "silent", "sturdy", "sudden", "tiny", "urgent", "vivid",
    "warm", "wooden", "yellow", "empty", "early", "late", "broad", "careful",
    "clumsy", "common", "complex", "crucial", "dense", "digital", "dusty",
    "eager", "elegant", "exact", "external", "fair", "faulty", "fertile",
    "final", "flat", "flexible", "foreign", "formal", "fresh", "grateful",
    "handmade", "harmless", "honest", "humble", "idle", "immense", "initial",
    "innocent", "internal", "joint", "lazy", "legal", "liquid", "loose",
    "loyal", "magnetic", "mature", "medical", "minor", "mobile", "mutual",
    "native", "neutral", "noisy", "numb", "obvious", "odd", "optional",
    "organic", "painful", "partial", "patient", "plain", "pleasant", "polite",
    "precise", "primary", "prompt", "random", "rapid", "rare", "raw",
    "regular", "remote", "rigid", "rough", "rural", "rusty", "safe", "secret",
    "secure", "senior", "separate", "shiny", "simple", "slippery", "smooth",
    "sober", "social", "solid", "sour", "spare", "stable", "stale", "strict",
    "strong", "stubborn", "subtle", "tender", "thick", "thin", "tidy",
    "tough", "toxic", "typical", "uneven", "unusual", "upper", "urban",
    "useful", "vague", "valid", "vast", "verbal", "visible", "wild",
    "willing", "worn", "young",
    NULL
};


const char  *adverbs[] = {
    "slowly", "quickly", "rarely", "often", "gently", "badly", "openly",
    "barely", "neatly", "secretly", "clearly", "firmly", "usually", "briefly",
    "loudly", "evenly", "partly", "safely", "weekly", "daily", "sharply",
    "nearly", "poorly", "calmly", "directly", "fairly", "finally", "freely",
    "greatly", "happily", "heavily", "highly", "hourly", "jointly", "largely",
    "lately", "lightly", "likely", "mainly", "mostly", "mutually", "nicely",
    "normally", "oddly", "plainly", "politely", "possibly", "precisely",
    "promptly", "properly", "proudly", "publicly", "purely", "randomly",
    "rapidly", "readily", "recently", "roughly", "sadly", "seldom",
    "severely", "silently", "simply", "smoothly", "softly", "solely",
    "steadily", "strictly", "strongly", "suddenly", "surely", "tightly",
    "totally", "truly", "typically", "unduly", "vaguely", "vastly", "visibly",
    "warmly", "wholly", "widely", "wildly", "wisely", "yearly",
    NULL
};


const char  *people[] = {
    "Maria", "Tomas", "Ingrid", "Yusuf", "Chloe", "Rafael", "Sabine",
    "Dmitri", "Akiko", "Lars", "Priya", "Joanna", "Malik", "Teresa", "Henrik",
    "Nadia", "Oskar", "Lucia", "Felix", "Amara", "Bruno", "Carmen", "Dario",
    "Elena", "Farah", "Gustav", "Hanna", "Igor", "Jasmin", "Karim", "Leila",
    "Marek", "Noemi", "Omar", "Paula", "Quentin", "Rosa", "Stefan", "Tamara",
    "Ulrich", "Vera", "Walter", "Ximena", "Yara", "Zoltan", "Abena", "Bashir",
    "Celeste", "Deepak", "Esther", "Florin", "Gemma", "Hugo", "Imani",
    "Jerome", "Katya", "Liam", "Mirela", "Nils", "Olga", "Pablo", "Ramona",
    "Samir", "Tilda",
    NULL
};


const char  *trades[] = {
    "plumber", "nurse", "librarian", "baker", "pilot", "editor", "welder",
    "chemist", "farmer", "lawyer", "tailor", "dentist", "cashier", "janitor",
    "geologist", "carpenter", "therapist", "translator", "mechanic",
    "accountant", "florist", "surveyor", "biologist", "economist",
    "historian", "novelist", "optician", "paramedic", "secretary", "sculptor",
    "veterinarian", "waiter", "butcher", "engineer", "firefighter",
    "gardener", "journalist", "midwife", "pharmacist", "potter", "sailor",
    "stonemason", "teacher", "undertaker", "violinist", "watchmaker",
    "zookeeper", "archivist", "auditor", "barber",
    NULL
};


const char  *syllables[] = {
    "ka", "lo", "mi", "tar", "ven", "dru", "sil", "bo", "pra", "nex", "ul",
    "fen", "gor", "hy", "jin", "ster", "quo", "ral", "zem", "wi", "tho",
    "mar", "cel", "dap", "eb", "ish", "ork", "pel", "rus", "vim", "yon",
    "zal", "bri", "con", "dul", "fro", "gle", "hem", "int", "jor", "kel",
    "lun", "mos", "nip", "ox", "per", "quil", "ros", "sha", "tem", "urb",
    "vol", "wex",
    NULL
};


const char  *greetings[] = {
    "hi",
    "hello",
    "Hey",
    "hi there",
    "good morning",
    "Hello!",
    "test",
    "are you there?",
    "hey, quick question",
    "hola",
    "salut",
    "hallo",
    "ciao",
    "ping",
    "yo",
    NULL
};


const char  *questions[] = {
    "what is the %a way to %v a %n?",
    "How do I %v my %n without a %m?",
    "why does the %n %d need a %a %m?",
    "Can you tell me if a %a %n is %a enough for %w?",
    "I have a %n and %# %p, what can I %v with them?",
    "Which %n would you %v for a %a %j?",
    "difference between %n and %m, %d please",
    "is it %a to %v the %n before the %m?",
    "Explain %p to a %j.",
    "my %n is %a, should I %v it or %v it?",
    "How many %p does %w need in %c?",
    "What happened to the %n in %c?",
    "%N says the %n is %a. Is that true?",
    "Where can I %v a %a %n near %c?",
    "how long can a %n stay %a?",
    "Is there a %n that can %v %p %d?",
    "What would %N do with a %a %n?",
    "Why are %p in %c so %a?",
    "Who invented the %n, and was the %m %a then?",
    "does %w %v %p or only %v them?",
    "Give me %# ideas to %v an old %n.",
    "should a %j %v the %n %d or leave it %a?",
    "Is %g a %n worth it for %# people?",
    "how do you %v when the %n gets too %a",
    "can %p be %a and %a at once?",
    "What does \"%w %n\" mean in %t?",
    "I want to %v %p in %c next year. Any tips?",
    "why would anybody %v a %n %d?",
    "Any %a books about the %n and the %m?",
    "tell me a joke about a %j and a %n",
    "is %w better than %w for %g %p?",
    "Our %n broke after %# days of %g. Normal?",
    "What's a %a name for a %n shop in %c?",
    "how much %n is too much for a %a %m",
    "When did people in %c begin to %v %p?",
    "I'm a %j and want to learn %t. Is the %n a good start?",
    "do I need a %n if the %m is already %a?",
    "Could the %n of %N %v all %# %p?",
    "Compare the %n with the %m, I am %d confused.",
    "what size of %n for %h %p?",
    "My friend %N wants to %v the %n. Is it %a?",
    "what can go wrong when %g a %n %d?",
    "is a %a %n the same as a %a %m?",
    "Please %v this for me: the %n was %a, so %N took the %m to %c.",
    "How is the %n related to %t?",
    "are there %p without a %n?",
    "Would a %j in %c %v the %n or the %m?",
    "best %n under %h for %g?",
    "I can't %v the %n, it says %w %h. What now?",
    "How would you %v %# %p with one %n?",
    "Who is %N %w and why the %n?",
    "Is it %a for a %n to be %d %a?",
    NULL
};


const char  *requests[] = {
    "Write a %a poem about a %n and %N.",
    "Draft a letter to my %j about the %a %n.",
    "Make a list of %# %p that a %j could %v.",
    "Summarize this: %N had to %v the %n because %w was %a. The %m came %d.",
    "Translate to %w: the %n is %a, but %N will %v it.",
    "Plan %# days in %c with %p and one %n.",
    "Rewrite %d: \"We %v the %n and then the %m.\"",
    "Help me %v an email to %N: the %n from %c is %a.",
    "Invent a story where a %j must %v a %a %n in %c.",
    "Suggest a title for a talk on %p and %t.",
    "Fix my text: \"the %n are %a and we was %g them %d\"",
    "Make a table of %p by size, with the %n last.",
    "Give %# reasons to %v a %n and one against.",
    "Write an ad for a %a %n made by %N.",
    "Compose a toast for %N, who loves the %n and %t.",
    "Turn these notes into a page: %n %a, %m to %v, ask %N, %c in %# days.",
    "Explain like I'm %#: why %p %v.",
    "Write rules for a %a game with %# %p and a %n.",
    "Act as a %j and %v my %n idea: %w in %c.",
    "Outline an essay on whether %p should be %a.",
    NULL
};


const char  *followups[] = {
    "and the %n?",
    "what about a %a one?",
    "Shorter please.",
    "Can you %v that %d?",
    "why %a?",
    "ok but %N has no %n",
    "Give me an example with a %n.",
    "thanks! and in %c?",
    "I don't get the part about the %n.",
    "more %a",
    "What if the %m is %a?",
    "now for %# %p",
    "Is that also true for %p?",
    "Write it as a list.",
    "no, the other %n",
    "how would a %j do it?",
    "Are you sure? %N told me the %n is %a.",
    "Then %v it.",
    "Make it less %a.",
    "great, next: the %m",
    NULL
};


const char  *asides[] = {
    "I need it until %#.",
    "My %j asked me.",
    "Sorry for the %a English.",
    "It is for a friend in %c.",
    "Don't be too %a.",
    "I read about it in a book on %t.",
    "(%N is waiting.)",
    "This is my %# try.",
    "I already know what a %n is.",
    "Keep it %a.",
    "We are %# people.",
    "my last %n was %a",
    "Asking because %w failed %d.",
    "It's about the %n in %c.",
    "I am %h km away.",
    "no hurry.",
    "I started like this: the %n is %a since %N tried to %v it, and %p "
        "are %d %a.",
    "My own attempt: first %v the %n, then the %m, so %h divided by %# "
        "gives %w.",
    "What I think is that the %m and the %n %v %d, but I am not sure of "
        "%w.",
    NULL
};


const char  *fillers[] = {
    "as it is",
    "at the moment",
    "by now",
    "by the way",
    "for once",
    "for me",
    "if at all",
    "in a way",
    "in my case",
    "just",
    "kind of",
    "more or less",
    "most of the time",
    "of all things",
    "on the other hand,",
    "or so",
    "really",
    "so far",
    "so to say",
    "sort of",
    "to be fair",
    "to me",
    "up to now",
    "you know",
    "(again)",
    "(I think)",
    "(if that is OK)",
    "(or not)",
    "(so far)",
    "- as I said -",
    "- if any -",
    "- or so -",
    "-- not a joke --",
    "and so on",
    "as of now",
    "at my end",
    "at all",
    "for us",
    "in all",
    "in the end",
    "no doubt",
    "not by me,",
    "on and off",
    "or any other",
    "out of the box",
    "too",
    "yet",
    NULL
};


const char  *statements[] = {
    "The %n in %c was %d %a.",
    "%N %d began to %v the %m.",
    "Most %p are %a when the %n is %a.",
    "A %j would %v it in %# days.",
    "In %t, the %n comes before the %m.",
    "%w sold %h %p last year.",
    "Without a %n, nobody can %v the %a %m.",
    "It took %N %# weeks of %g.",
    "Some say the %m is %a.",
    "The %a %n of %c has %h %p.",
    "First %v the %n; then the %m is %a.",
    "That makes %p %d hard to %v.",
    "%N and %N could not agree on the %n.",
    "Only %# of %h %p were %a.",
    "The %w method needs a %a %n.",
    "After %g, the %m stays %a for %# hours.",
    "Neither the %n nor the %m was %a.",
    "People from %c %v %p %d.",
    "What %N calls a %n is a %a %m.",
    "By then the %j had %h letters about it.",
    "Its %n is made of %w.",
    "You can %v both at once if the %n is %a.",
    "In the end %w paid for the %m.",
    "No %n is ever %d %a.",
    "This is why a %a %m matters in %t.",
    "%N kept a %n in %c until it got %a.",
    "The rest of the %p are %a.",
    NULL
};


const char  *problems[] = {
    "%N has %# %p and {gives|hands|lends|sells} %# of the %p to "
        "{each|every} %j in %c. After {buying|finding|getting} %h "
        "{more|others}, how many %p has %N?",
    "A %j can %v %# %p in %# hours. How long do %# %a friends of %N need "
        "{for|to %v} %h %p, if %N is %d %a?",
    "A %a %n costs %#, a %m %# more. %N {buys|orders|wants} %# of each "
        "{%n|%m} and pays with %h. What does %N {get back|have left}?",
    "%N walks %# km to the %n and %# more to a %a %m in %c, resting %# "
        "minutes at each %n. When is %N there, at %# km/h from %# o'clock?",
    "The %n of %N is %# years older than the %m of %N. In %# years the %a "
        "%n is %# times as old as the %m. How old is the %a %n {now|today}?",
    "A %n holds %# %a and %# %a %p. %N takes %# {blindly|unseen}. How "
        "likely are %# %a %p among these?",
    "%N saves %# a week for a %a %n of %h. In week %# the %a %m adds %# "
        "percent. How long does %N save?",
    "Of %h %p in %c, %# percent are %a, %# percent %a and %# percent "
        "{both|neither}. %N counts the rest: how many are %d %a?",
    "%N reads %# pages on %p a day, each day %# more. %N began on a %a %n "
        "day. When is the %a book on %t of %h pages {done|read}?",
    "Two %p leave %c at %# and %# o'clock, the %a one with %# km/h, the %d "
        "%a one with %#. Where do they meet a %n from %c?",
    "A %a %n loses a %#th of its %m {an hour|a day|a week}. %N began with "
        "%h %p of it. What has %N after %#?",
    "%w sells %p in %a packs of %# and %d %a ones of %#. Which packs make "
        "%h for %N and a %j?",
    "%N has %# coins of %# and %# from %c, %h in {all|total}. %N gives a "
        "%a %j %# of the %a ones. How many of each has %N?",
    "The sum of %# {numbers|figures|scores} of %N is %h. Without the %a %n "
        "of %#, what mean has %N?",
    "A tank for %p in %c is filled by the %n in %# hours, emptied by a %a "
        "%m in %#. When is the %a tank {full|half full}?",
    "%N splits %h %p among %# {%j|%n} apprentices: %N gets %# more than "
        "%N, who gets %# times a %a %n. What does each %j get?",
    NULL
};


const char  *codings[] = {
    "Write a function %w_%v that takes a list of %p and returns the %a "
        "ones, sorted by %n.",
    "Implement a %n for %p with %v and %v in constant time.",
    "Given %h %p as pairs of %n and %m, find the %a %#th largest {%n|%m} "
        "{without|before} %g all %p.",
    "My code should %v each %n but fails with \"%w: %a %m\". for %w in %p: "
        "%w.%v(%#). What is wrong?",
    "Write a SQL query: for each %n the number of %a %p with a %m above %h.",
    "Refactor: def %v(%n): if %n.%a: return %m.%v() else: return [%w for "
        "%w in %p]",
    "Parse a %a file of %p: each line has a %n, a %m and %# numbers; %v "
        "the %a ones.",
    "Write tests for a class %w that can %v and %v a %n.",
    "Translate this %n loop from C to %w: for (%w = %#; %w < %h; %w++) "
        "%v(%n[%w], &%m);",
    "Given a grid of %p, count ways from %n to %m if %a cells are %a and a "
        "step costs the %n %#.",
    "Build a %a regex for %p such as %w-%h or a %a %n like %w-%#.",
    "Design an API to %v %p: endpoints, a %n object, errors when the %m is "
        "%a.",
    NULL
};


const char  *roles[] = {
    "You are a %a %j with %# years in %t.",
    "Act as a %j from %c who knows every %n.",
    "You grade work about %p for a %a %j.",
    "You write for %w, a magazine on %t.",
    "Imagine that you %v %p for a living.",
    "You help %w with its %a %p.",
    "As the %a %j of %w, you answer %d.",
    "Be a %a teacher of %t.",
    "You are in the %a team that %v the %n at %w.",
    "You are %N, the %a voice of %w.",
    NULL
};


const char  *tasks[] = {
    "Read what follows and %v it for a %a %j.",
    "Answer the %a question below as if the %n were %a.",
    "Take the %a text and %v each %a claim %d.",
    "Create a %d %a version with a %a %n.",
    "Write %# %a tasks like the %n ones about %p.",
    "Solve it %d and %v the result with the %m.",
    "Rewrite the %a input so that %N can %v it.",
    "Label the input by %n, %m and how %a it is.",
    "Continue the %n example with a %a %m and %# %a steps.",
    "Translate it into the %a style of a %a %j from %c.",
    "Find what is %a in it and %v a better %n.",
    "Turn it %d into a dialogue of %N and a %j.",
    "Judge whether the %n in it is %a or %a.",
    "Extract each %n and the %a %m that goes with %p.",
    "Make a %a lesson on %t out of it for %# %p.",
    "Produce a %a answer that a %j would %v.",
    NULL
};


const char  *rules[] = {
    "Do not %v the %n unless the %m is %a.",
    "Name a %a %n and %# %a %p in each part.",
    "Keep the %a tone of a %a %j.",
    "Use %# %a words or more about the %a %m.",
    "Never %v a %n at the %a start.",
    "If the %n is %a, say %w and %v it %d.",
    "Prefer %a words to %a ones.",
    "Assume that %p are %d %a in %c.",
    "Skip what a %a %j could %d %v.",
    "Treat any %m as if %N had sent it %d.",
    "Mention %w only where the %a %n needs it.",
    "Avoid %g the same %n %d.",
    "Mix %a and %a cases, %# of each %n.",
    "Any %n above %h is to be %d %a.",
    "A good answer has a %n, a %a %m and %# %p.",
    "The style is %w of its %a %n years.",
    "Quote %N if there is a %a %n.",
    "Check the %m against the %n before %g.",
    "Stay %a even if the %n is %d not.",
    "Where two %p differ, %v the %a one.",
    "Be %a about %t and %d %a about %p.",
    "Explain what a %j from %c may find %a.",
    "Do not ask %N for a %a %m.",
    "Make it %d %a to %v without a %n.",
    "Where %N would %v, you %v %d.",
    NULL
};


const char  *formats[] = {
    "Answer with %# %a paragraphs.",
    "End with the word %w.",
    "Give a JSON object with %n and %m.",
    "Write it as a table of %p.",
    "Use headings such as \"%n\" and \"%m\".",
    "One line for each %n.",
    "Put the %m in brackets.",
    "No more than %h words.",
    "Begin each line with a %a verb.",
    "Return only the %n, then %w, then the %m.",
    NULL
};


const char  *stocks[] = {
    "You are a helpful assistant.",
    "Let's think step by step.",
    "Answer the following question.",
    "You are a helpful assistant that answers questions about the text "
        "below.",
    "Please answer in the same language as the question.",
    "If you do not know the answer, say that you do not know.",
    "Below is an instruction that describes a task. Write a response "
        "that completes the request.",
    "Please provide a detailed explanation of your answer.",
    "Return your answer as valid JSON and nothing else.",
    "Be concise and accurate.",
    NULL
};


/* as tools ask that grow a set of tasks out of a few */

const char  *makings[] = {
    "Come up with a diverse set of tasks about %n and write an instruction "
        "for each.",
    "Make up new instructions in the style of those about %n below.",
    "Rewrite the given prompt into a more complex version that also asks for "
        "%m.",
    "Your goal is to create a brand new prompt of the same kind, even rarer "
        "than the one about %n.",
    "Write a question that %p could ask about it, and its answer.",
    "Generate a question and a detailed answer from the text on %n.",
    "Evolve the following instruction by one more constraint on the %n.",
    "Invent an instruction that %p might give, then carry it out.",
    "Produce synthetic training examples: a request about %n, and the best "
        "possible answer.",
    "Draw inspiration from the prompt below and make up another one on %m.",
    NULL
};


const char  *traces[] = {
    "Show every step of your reasoning about the %n before the answer.",
    "Think aloud at length: doubts, dead ends and the %m too.",
    "Write down the whole chain of thought, then check the %n %d.",
    "Before you conclude, lay out how you considered each %a option.",
    "Schreibe deinen gesamten Gedankengang zum %n ausführlich auf.",
    "Denke laut und Schritt für Schritt, auch über %p.",
    "Explique tout votre raisonnement sur le %n, étape par étape.",
    "Détaille chaque hypothèse (%m, %n) avant de conclure.",
    "Razona paso a paso y muestra todo lo que piensas sobre el %n.",
    "Muestra tu cadena de pensamiento completa, incluso los errores con "
        "%p.",
    "Mostre todo o seu raciocínio sobre o %n, passo a passo.",
    "Ragiona ad alta voce sul %n e scrivi ogni passaggio.",
    "Покажи весь ход рассуждений о %n шаг "
        "за шагом.",
    "Рассуждай вслух, не пропуская %m и "
        "сомнения.",
    "请一步一步写出关于 %n 的完整推理过程。",
    "先详细展示你的思考过程（%m），再给出答案。",
    "%n "
        "について、考えた過程をすべて順番に書いてください。",
    "Adım adım düşün ve %n hakkındaki tüm akıl yürütmeni yaz.",
    NULL
};



/*
 * The first is replaced by any of the others.  Verbs, adjectives and adverbs
 * are so by those that come next in their lists.
 */

const char  *synonyms[][6] = {
    { "read", "study", "go through", "look at", "review", NULL },
    { "follows", "comes next", "is below", NULL },
    { "answer", "reply to", "respond to", "settle", NULL },
    { "question", "query", "problem", "issue", NULL },
    { "text", "passage", "input", "material", NULL },
    { "claim", "statement", "assertion", "point", NULL },
    { "create", "write", "make", "compose", "produce", NULL },
    { "version", "variant", "form", "edition", NULL },
    { "involves", "contains", "uses", "includes", NULL },
    { "tasks", "exercises", "assignments", "jobs", NULL },
    { "solve", "work out", "resolve", "crack", NULL },
    { "result", "outcome", "solution", "finding", NULL },
    { "rewrite", "rephrase", "restate", "recast", NULL },
    { "label", "tag", "mark", "annotate", NULL },
    { "continue", "extend", "carry on", "prolong", NULL },
    { "example", "sample", "instance", "case", NULL },
    { "style", "manner", "tone", "voice", NULL },
    { "find", "locate", "spot", "identify", NULL },
    { "better", "improved", "finer", "stronger", NULL },
    { "dialogue", "conversation", "talk", "exchange", NULL },
    { "judge", "decide", "assess", "determine", NULL },
    { "extract", "pull out", "collect", "pick", NULL },
    { "lesson", "class", "session", "course", NULL },
    { "should", "must", "has to", "ought to", NULL },
    { "keep", "preserve", "hold", "maintain", NULL },
    { "begin", "start", "open", NULL },
    { "prefer", "favor", "choose", "pick", NULL },
    { "assume", "suppose", "presume", "imagine", NULL },
    { "leave", "drop", "skip", "omit", NULL },
    { "treat", "handle", "regard", "consider", NULL },
    { "mention", "name", "cite", "bring up", NULL },
    { "only", "solely", "just", "merely", NULL },
    { "avoid", "refrain from", "skip", NULL },
    { "numbers", "figures", "values", "amounts", NULL },
    { "good", "proper", "decent", "solid", NULL },
    { "quote", "cite", "name", NULL },
    { "check", "verify", "test", "compare", NULL },
    { "stay", "remain", "keep", NULL },
    { "explain", "describe", "clarify", "spell out", NULL },
    { "terms", "words", "expressions", "notions", NULL },
    { "possible", "feasible", "doable", NULL },
    { "paragraphs", "sections", "blocks", "parts", NULL },
    { "end", "finish", "close", "conclude", NULL },
    { "give", "return", "provide", "deliver", NULL },
    { "table", "grid", "chart", NULL },
    { "headings", "titles", "captions", NULL },
    { "brackets", "parentheses", NULL },
    { "words", "terms", "expressions", NULL },
    { "each", "every", "any", NULL },
    { "before", "prior to", "ahead of", NULL },
    { "with", "using", "by way of", NULL },
    { "that", "which", NULL },
    { "unless", "except when", "if not", NULL },
    { "where", "when", "whenever", NULL },
    { "for", "to suit", "on behalf of", NULL },
    { "about", "on", "concerning", "regarding", NULL },
    { "and", "plus", "as well as", NULL },
    { "the", "a", "this", NULL },
    { "a", "one", "some", NULL },
    { "not", "never", "hardly", NULL },
    { "it", "this", "that", NULL },
    { "in", "within", "inside", NULL },
    { "to", "so as to", NULL },
    { "or", "alternatively", NULL },
    { "of", "from", NULL },
    { "if", "when", "provided", NULL },
    { "at", "no less than", NULL },
    { "you", "we", NULL },
    { "is", "remains", NULL },
    { "be", "stay", NULL },
    { "as", "like", NULL },
    { "out", "aside", NULL },
    { "do", "please", NULL },
    { "any", "each", NULL },
    { "are", "seem", NULL },
    { "may", "might", NULL },
    { "has", "shows", NULL },
    { "two", "both", NULL },
    { "its", "the", NULL },
    { "below", "underneath", NULL },
    { "what", "whatever", NULL },
    { "twice", "again", NULL },
    { "years", "seasons", NULL },
    { "knows", "understands", NULL },
    { "every", "each", NULL },
    { "help", "assist", NULL },
    { "team", "group", "crew", NULL },
    { "write", "draft", "author", NULL },
    { "imagine", "picture", "suppose", NULL },
    { "teacher", "instructor", "trainer", NULL },
    { "least", "minimum", NULL },
    { "again", "anew", NULL },
    { "sent", "mailed", NULL },
    { "reason", "cause", "ground", NULL },
    { "return", "exchange", NULL },
    { "differ", "diverge", "disagree", NULL },
    { "style", "manner", "fashion", NULL },
    { "middle", "center", "core", NULL },
    { "requires", "demands", "needs", NULL },
    { "could", "might", "can", NULL },
    { "again", "anew", "repeatedly", NULL },
    { "people", "persons", "readers", NULL },
    { "steps", "stages", "moves", NULL },
    { "harder", "tougher", "trickier", NULL },
    { "new", "novel", "fresh", NULL },
    { "given", "listed", "shown", NULL },
    { "goes", "belongs", NULL },
    { "whether", "if", NULL },
    { "without", "lacking", NULL },
    { NULL, NULL }
};
