"""What functions of public interfaces speak of: what they give, of what, and the quantities and texts they ask for."""

# What a function gives, and of what.
RESULTS = (
    "area|perimeter|volume|surface area|circumference|diagonal|angle|slope|distance|displacement|velocity|final speed|"
    "acceleration|force|momentum|energy|kinetic energy|power|work|pressure|density|temperature|heat|entropy|voltage|"
    "current|resistance|capacitance|electric field|magnetic field|flux|frequency|wavelength|period|half life|decay|"
    "concentration|molarity|molecular weight|pH|boiling point|yield|efficiency|growth|growth rate|population|"
    "life expectancy|mortality|prevalence|risk|body mass index|calorie need|dosage|heart rate|blood type|mutation|"
    "sequence|similarity|evolution|biomass|carbon footprint|rainfall|humidity|forecast|air quality|elevation|"
    "interest|compound interest|mortgage|monthly payment|return on investment|future value|present value|dividend|"
    "profit|loss|revenue|tax|discount|price|stock price|exchange rate|market value|market trend|net worth|salary|"
    "budget|cost|shipping cost|rent|tip|insurance premium|ranking|score|statistics|average|median|mode|variance|"
    "standard deviation|correlation|regression|probability|odds|permutation|combination|factorial|greatest common divisor|"
    "prime factors|square root|roots|derivative|integral|limit|determinant|inverse|distribution|schedule|standings|"
    "results|fixtures|record|history|biography|birth date|discoverer|founder|capital|leader|events|timeline|summary|"
    "details|information|availability|reservation|booking|ticket|order|delivery|status|location|route|directions|"
    "traffic|opening hours|admission|exhibition|collection|artwork|material|style|recipe|ingredients|nutrition|menu|"
    "restaurant|hotel|flight|train|itinerary|playlist|song|lyrics|chord|tempo|instrument|concert|movie|rating|review|"
    "book|author|article|definition|translation|synonyms|sentiment|lawsuit|case|verdict|law|patent|crime rate|contract|"
    "email|message|reminder|meeting|appointment|event|task|ticket list|user profile|account balance|transactions|"
    "access rights|backup|deployment|logs|metrics|image|thumbnail|video|file list|folder size|query results"
).split("|")  # fmt: skip
SUBJECTS = (
    "triangle|right triangle|rectangle|circle|sphere|cylinder|cone|cube|trapezoid|polygon|line|vector|matrix|function|"
    "equation|polynomial|data set|sample|dice roll|card game|lottery|car|train|plane|rocket|projectile|ball|pendulum|"
    "spring|object|particle|electron|wire|coil|circuit|resistor|battery|motor|engine|lens|mirror|wave|gas|liquid|"
    "solution|compound|reaction|metal|alloy|molecule|protein|gene|cell|bacteria|virus|species|plant|tree|forest|farm|"
    "animal|bird|fish|lake|river|ocean|mountain|planet|star|galaxy|satellite|patient|athlete|person|employee|student|"
    "teacher|customer|user|visitor|company|startup|store|factory|bank|fund|bond|stock|portfolio|loan|mortgage|house|"
    "apartment|building|bridge|road|city|country|state|region|national park|museum|gallery|painting|sculpture|statue|"
    "theater|library|school|university|hospital|airport|station|hotel|restaurant|recipe|cake|wine|coffee|game|"
    "video game|team|player|league|tournament|match|season|race|song|album|artist|band|movie|actor|director|book|"
    "author|poem|language|war|treaty|emperor|president|century|religion|court|judge|lawyer|criminal|crime|law firm|"
    "patent|product|brand|order|parcel|invoice|subscription|device|phone|laptop|server|database|table|website|"
    "repository|branch|file|folder|image|video|email|calendar|channel|project|ticket|sensor|camera|thermostat|lamp"
).split("|")  # fmt: skip
# Quantities, after the colon the ways to write a unit after the number; of money the sign before it.
QUANTITIES = (
    "velocity: m/s; meters per second; km/h", "speed: km/h; mph; m/s; kilometers per hour", "acceleration: m/s^2; m/s2;",
    "distance: km; miles; meters;m;km", "length: cm; meters; feet;cm;", "width: cm; meters;m;", "height: cm; meters;m; feet;",
    "depth: meters;m; feet", "radius: cm; meters; units;;", "diameter: cm; meters;mm", "base: units; cm;;", "side: units;cm;;",
    "thickness: mm; cm;mm", "altitude: meters; feet;m", "mass:kg; kg; grams;g", "weight: kg;kg; pounds; lbs",
    "force: N; newtons;N", "charge: coulombs; C;C", "current: A; amperes;A", "voltage: V; volts;V", "resistance: ohms; ohm;",
    "capacitance: farads;", "frequency: Hz;Hz; hertz", "wavelength: nm;nm; nanometers", "energy: joules;J; J",
    "power: watts;W; kW", "pressure: Pa; atm; bar;", "temperature: degrees;°C; degrees Celsius;K; K; °F", "angle: degrees;°;",
    "volume: liters;L; ml; m^3; cubic meters", "concentration: mol; M;", "density: kg/m^3; g/cm^3;", "time: seconds;s; hours",
    "duration: hours; minutes; days; seconds", "age: years; years old;", "years: years", "months: months", "weeks: weeks",
    "days: days", "hours: hours", "interval: minutes; seconds", "price:$", "cost:$", "amount:$", "principal:$", "loan amount:$",
    "investment:$", "income:$", "salary:$", "revenue:$", "budget:$", "down payment:$", "deposit:$", "fee:$", "expenses:$",
    "interest rate:%", "rate:%", "tax rate:%", "discount:%", "growth rate:%", "inflation rate:%", "annual return:%",
    "percentage:%", "confidence level:%", "probability:", "threshold:", "population: people;; inhabitants",
    "number of people: people", "number of guests: guests", "number of rooms: rooms", "number of trials: trials",
    "number of items: items", "number of results: results", "sample size:", "degree:", "order:", "iterations: iterations;",
    "year:", "year:", "year:", "score: points;", "points: points", "goals: goals", "games: games", "level:", "grade:", "floor:",
    "servings: servings", "calories: calories", "steps: steps", "pages: pages", "words: words", "quantity: units;;",
    "copies: copies", "size: GB; MB;", "number of shares: shares", "mileage: miles", "fuel efficiency: mpg", "latitude:",
    "longitude:", "index:", "offset:", "user id:", "account number:", "employee id:", "customer id:", "mean:",
    "standard deviation:", "coefficient:", "constant:", "exponent:", "limit:", "count:", "number:", "value:",
    "window size: seconds;",
)  # fmt: skip
MODIFIERS = (
    "initial|final|total|average|maximum|minimum|annual|monthly|daily|current|target|expected|base|first|second|"
    "starting|ending|previous|new|estimated|net|gross|upper|lower|inner|outer|left|right|original|desired"
).split("|")  # fmt: skip
LETTERS = "a|b|c|x|y|z|n|k|m|p|r|t|x1|y1|x2|y2|v0|mu|sigma|num1|num2|number1|number2".split("|")
# Texts, by what they hold; the maker of each is in described.py.
TEXTS: dict[str, tuple[str, ...]] = {
    "place": (
        "city", "location", "destination", "origin", "start location", "end location", "departure city",
        "arrival city", "country", "state", "region", "area", "venue", "address", "park", "place", "airport",
    ),
    "person": (
        "name", "player name", "artist", "author", "director", "actor", "scientist", "customer name", "patient name",
        "user", "owner", "recipient", "sender", "plaintiff", "defendant", "judge", "doctor", "teacher", "employee",
    ),
    "company": (
        "company", "company name", "team", "opponent", "brand", "restaurant name", "hotel name", "airline", "museum",
        "museum name", "bank", "publisher", "store", "organization", "team name", "team1", "team2", "league",
    ),
    "word": (
        "species", "type", "genre", "category", "material", "substance", "instrument", "sport", "topic", "subject",
        "style", "medium", "cuisine", "ingredient", "dish", "product", "item", "event", "activity", "element",
        "compound", "disease", "field", "model", "method", "keyword", "query", "term", "food", "game", "period",
        "theme", "skill", "diet", "metric", "feature", "info type",
    ),
    "work": (
        "title", "book title", "movie", "movie title", "song", "album", "painting", "case name", "poem", "article",
        "event name", "project name", "document title",
    ),
    "code": (
        "id", "order id", "ticket number", "tracking number", "case number", "serial number", "snp id", "version",
        "symbol", "ticker", "stock", "flight number", "patent id", "sequence", "file name", "branch", "session id",
        "bot id", "token", "room", "model number", "isbn", "username",
    ),
    "date": ("date", "start date", "end date", "birth date", "check in date", "check out date", "due date", "day"),
    "formula": ("function", "equation", "expression", "formula", "polynomial"),
}  # fmt: skip
CHOICES = (
    "unit:celsius|fahrenheit|kelvin", "unit:metric|imperial", "units:meters|feet|kilometers|miles", "gender:male|female",
    "activity level:sedentary|light|moderate|active|very active", "sort by:price|rating|distance|popularity",
    "order:ascending|descending", "size:small|medium|large|extra large", "color:red|blue|green|black|white|yellow",
    "currency:USD|EUR|GBP|JPY|CAD|INR", "language:english|spanish|french|german|chinese|japanese",
    "difficulty:easy|medium|hard", "priority:low|medium|high|critical", "season:spring|summer|autumn|winter",
    "format:json|csv|xml|pdf", "mode:driving|walking|cycling|transit", "class:economy|business|first",
    "transmission:automatic|manual", "frequency:daily|weekly|monthly|quarterly|yearly", "direction:north|south|east|west",
    "status:open|closed|pending|resolved", "key:C|D|E|F|G|A|B", "scale:major|minor", "meal:breakfast|lunch|dinner",
    "diet:vegan|vegetarian|keto|gluten free", "shape:circle|square|triangle", "level:beginner|intermediate|advanced",
    "payment method:credit card|cash|paypal", "room type:single|double|suite", "sentiment:positive|negative|neutral",
    "type:comfort|plus|black", "view:front|side|top", "day:monday|tuesday|wednesday|thursday|friday|saturday|sunday",
)  # fmt: skip
FLAGS = (
    "taxes|breakfast|details|images|discontinued items|weekends|holidays|traffic|tolls|human impact|air resistance|"
    "subtitles|comments|metadata|spouse|dependents|insurance|shipping|alternatives|statistics|references|hidden files|"
    "drafts|archived projects|history|nutrition facts|graph|friction|precipitation|wind|pets|parking|vegetarian options"
).split("|")  # fmt: skip
# Names of the world, beside the coined ones.
CITIES = (
    "New York|San Francisco|Los Angeles|Chicago|Boston|Seattle|Austin|Denver|Miami|Houston|Dallas|Portland|San Diego|"
    "Phoenix|Atlanta|Detroit|Berkeley|Palo Alto|London|Paris|Berlin|Munich|Madrid|Barcelona|Rome|Milan|Vienna|Zurich|"
    "Amsterdam|Brussels|Dublin|Lisbon|Athens|Warsaw|Prague|Budapest|Oslo|Stockholm|Helsinki|Moscow|Istanbul|Cairo|"
    "Nairobi|Lagos|Cape Town|Dubai|Mumbai|Delhi|Bangalore|Beijing|Shanghai|Hong Kong|Seoul|Tokyo|Osaka|Kyoto|Bangkok|"
    "Singapore|Jakarta|Sydney|Melbourne|Auckland|Toronto|Vancouver|Montreal|Mexico City|Lima|Bogota|Santiago|Rio de Janeiro"
).split("|")  # fmt: skip
REGIONS = (
    "CA|NY|TX|WA|FL|MA|IL|USA|France|Germany|Spain|Italy|Japan|India|China|Canada|Brazil|Mexico|Australia|Kenya|Egypt|"
    "United States|United Kingdom|South Africa|California|Texas|Florida|England|Norway|Sweden|Poland|Greece"
).split("|")  # fmt: skip
