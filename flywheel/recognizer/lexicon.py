"""Lists of real names and words that the generated sentences draw from.

People, streets and companies come from Faker (MIT), towns from phonenumbers' geocoding data
(Apache-2.0); well-known organisations, products and peoples are listed here.
"""

import ast
import re
import sysconfig
from functools import cache
from pathlib import Path

from ...platform.telemetry.redaction.peoples import NATIONALITIES, POLITICS, RELIGIONS

LOCALES = (
    "en_US", "en_GB", "en_IN", "en_IE", "en_AU", "en_CA", "en_NZ", "en_NG", "en_KE", "en_PK", "en_PH", "de_DE",
    "de_AT", "de_CH", "fr_FR", "fr_CA", "fr_BE", "es_ES", "es_MX", "es_AR", "es_CO", "it_IT", "pl_PL", "nl_NL",
    "nl_BE", "sv_SE", "no_NO", "fi_FI", "da_DK", "is_IS", "cs_CZ", "sk_SK", "sl_SI", "hr_HR", "hu_HU", "pt_BR",
    "pt_PT", "tr_TR", "ro_RO", "et_EE", "lt_LT", "lv_LV", "sq_AL", "id_ID", "vi_VN", "az_AZ", "fil_PH", "ga_IE",
    "zu_ZA", "yo_NG", "uz_UZ", "ha_NG",
)  # fmt: skip
ORGANISATIONS = (
    "Google", "Microsoft", "Apple", "Amazon", "Facebook", "Twitter", "IBM", "Intel", "Oracle", "Samsung", "Sony",
    "Nokia", "Toyota", "Honda", "Ford", "BMW", "Volkswagen", "Siemens", "Bosch", "BASF", "Nestle", "Unilever",
    "Shell", "BP", "Exxon", "Chevron", "Total", "Gazprom", "Boeing", "Airbus", "Lufthansa", "Ryanair", "Delta",
    "United Airlines", "British Airways", "BBC", "CNN", "NBC", "ABC", "CBS", "Fox News", "Reuters", "Bloomberg",
    "The Guardian", "New York Times", "Le Monde", "Der Spiegel", "Washington Post", "Wall Street Journal",
    "Financial Times", "Al Jazeera", "Sky", "ITV", "ESPN", "MTV", "NATO", "UN", "United Nations", "EU",
    "European Union", "UNESCO", "UNICEF", "WHO", "IMF", "World Bank", "WTO", "OPEC", "FBI", "CIA", "NSA", "NASA",
    "ESA", "FDA", "SEC", "IRS", "EPA", "NHS", "Pentagon", "Congress", "Senate", "White House", "Supreme Court",
    "House of Commons", "Bundestag", "Kremlin", "Scotland Yard", "Interpol", "Red Cross", "Greenpeace",
    "Amnesty International", "Oxfam", "Harvard", "Stanford", "MIT", "Oxford", "Cambridge University", "Yale",
    "Princeton", "UCLA", "Sorbonne", "ETH", "Arsenal", "Chelsea", "Liverpool", "Manchester United", "Man City",
    "Real Madrid", "Barcelona", "Juventus", "Bayern Munich", "Ajax", "Celtic", "Rangers", "Everton", "Spurs",
    "Lakers", "Yankees", "Red Sox", "Cowboys", "Patriots", "Steelers", "Packers", "Celtics", "Bulls", "Knicks",
    "Dodgers", "Giants", "Cubs", "FIFA", "UEFA", "NBA", "NFL", "NHL", "MLB", "IOC", "Walmart", "Target", "Tesco",
    "Aldi", "Lidl", "IKEA", "Starbucks", "McDonald's", "Burger King", "KFC", "Pizza Hut", "Subway", "Coca-Cola",
    "Pepsi", "Nike", "Adidas", "Puma", "Zara", "Goldman Sachs", "JPMorgan Chase", "Morgan Stanley", "Citigroup",
    "Bank of America", "Wells Fargo", "HSBC", "Barclays", "Deutsche Bank", "UBS", "Credit Suisse", "ING", "Santander",
    "BNP Paribas", "Visa", "Mastercard", "American Express", "PayPal", "Lehman Brothers", "Fannie Mae", "AIG",
    "Allianz", "AXA", "Prudential", "Pfizer", "Novartis", "Roche", "Merck", "Bayer", "GlaxoSmithKline",
    "Johnson & Johnson", "General Electric", "General Motors", "AT&T", "Verizon", "T-Mobile", "Vodafone", "Orange",
    "Comcast", "Disney", "Netflix", "Spotify", "YouTube", "Instagram", "WhatsApp", "Uber", "Airbnb", "Tesla",
    "SpaceX", "OpenAI", "Adobe", "Cisco", "Dell", "HP", "Lenovo", "Huawei", "Alibaba", "Tencent", "Baidu", "Xiaomi",
    "LG", "Philips", "Ericsson", "SAP", "Accenture", "Deloitte", "KPMG", "PwC", "Ernst & Young", "McKinsey", "FedEx",
    "UPS", "DHL", "Royal Mail", "USPS", "Marriott", "Hilton", "Labour", "Tories", "Conservative Party",
    "Labour Party", "Republican Party", "Democratic Party", "Green Party", "Taliban", "Hamas", "ISIS", "Al Qaeda",
    "IRA",
)  # fmt: skip
PLACES = (
    "USA", "US", "U.S.", "UK", "U.K.", "UAE", "America", "England", "Scotland", "Wales", "Britain", "Great Britain",
    "Europe", "Asia", "Africa", "South America", "Middle East", "Russia", "Iran", "Syria", "Vietnam", "South Korea",
    "North Korea", "Holland", "NYC", "New York City", "LA", "D.C.", "Washington DC", "San Fran", "Vegas", "Philly",
    "Jersey", "California", "Texas", "Florida", "Ohio", "Georgia", "Alabama", "Alaska", "Arizona", "Colorado",
    "Delaware", "Hawaii", "Illinois", "Kansas", "Kentucky", "Maryland", "Michigan", "Montana", "Nebraska", "Nevada",
    "New Jersey", "New Mexico", "North Carolina", "Oklahoma", "Oregon", "Pennsylvania", "Tennessee", "Utah",
    "Vermont", "Virginia", "Wisconsin", "Ontario", "Quebec", "British Columbia", "Queensland", "Victoria",
    "New South Wales", "Bavaria", "Saxony", "Catalonia", "Andalusia", "Tuscany", "Sicily", "Normandy", "Brittany",
    "Provence", "Yorkshire", "Cornwall", "Kent", "Essex", "London", "Paris", "Berlin", "Rome", "Madrid", "Vienna",
    "Prague", "Warsaw", "Moscow", "Tokyo", "Beijing", "Shanghai", "Hong Kong", "Singapore", "Sydney", "Melbourne",
    "Dubai", "Cairo", "Lagos", "Nairobi", "Mumbai", "Delhi", "Karachi", "Chicago", "Boston", "Seattle", "Dallas",
    "Houston", "Atlanta", "Detroit", "Miami", "Denver", "Portland", "Austin", "Brooklyn", "Manhattan", "Hollywood",
    "Silicon Valley", "Wall Street", "Times Square", "Central Park", "Heathrow", "Thames", "Danube", "Rhine", "Nile",
    "Amazon River", "Mississippi", "Alps", "Himalayas", "Mount Everest", "Sahara", "Atlantic", "Pacific Ocean",
    "Mediterranean", "North Sea", "Lake Michigan", "Gulf of Mexico", "Gaza", "West Bank", "Wembley", "Old Trafford",
    "Madison Square Garden", "Eiffel Tower", "Big Ben", "Golden Gate Bridge", "Mars", "Earth",
)  # fmt: skip
PEOPLES = (*NATIONALITIES, *RELIGIONS, *POLITICS, "Latin", "Roman", "Victorian")
OTHERS = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January", "February", "March",
    "April", "June", "July", "August", "September", "October", "November", "December", "Christmas", "Easter",
    "Halloween", "Thanksgiving", "Ramadan", "Summer", "Winter", "Spring", "World War II", "Olympics", "World Cup",
    "Super Bowl", "Privacy Policy", "Terms of Service", "Settings", "File", "Python", "Excel", "Windows", "Linux",
    "Markdown", "JavaScript", "Introduction", "Appendix B", "Chapter Two", "The Great Adventure", "PDF", "API",
    "HTTP", "SQL", "JSON", "URL", "CSS", "Calibration", "Logistics", "Payroll", "Research", "Marketing",
    "Human Resources", "Premium", "Starter Plan", "Firmware", "User Guide", "Release Notes", "Delivery Times",
    "Getting Started", "Returns", "Warranty", "Invoice", "Refund", "GPU", "Travel Expenses", "Home Office",
    "Parental Leave", "Internet", "Bluetooth", "Quality", "iPhone", "iPad", "Android", "Xbox", "PlayStation",
    "Kindle", "Wi-Fi", "USB", "Star Wars", "Harry Potter", "Game of Thrones", "The Office", "Titanic", "Bible",
    "Quran", "Constitution", "Nobel Prize", "Oscar", "Grammy", "GDP", "CEO", "CFO", "VAT", "DNA", "HIV", "Covid",
    "LOL", "OMG", "RT", "WTF", "TGIF", "DM", "FYI", "ASAP", "PS", "Q3", "Section 4", "Article 12", "Exhibit A",
    "Schedule 2", "Agreement", "Borrower", "Lender", "Lenders", "Company", "Executive", "Employee", "Employer",
    "Agent", "Administrative Agent", "Party", "Parties", "Closing Date", "Effective Date", "Loan Documents",
    "Event of Default", "Purchaser", "Seller", "Guarantor", "Board", "Board of Directors", "Confidential Information",
    "Commitment", "Interest Rate", "Subsidiary", "Trustee", "Holder", "Secretary", "Vice President",
    "Chief Financial Officer", "General Counsel", "Title", "Name", "By", "Witness", "Notary Public",
    "Indemnified Party", "Base Salary", "Change in Control", "Good Reason", "Common Stock", "Material Adverse Effect",
    "Common", "The", "Happy Birthday", "Good Morning", "Merry Christmas", "Breaking News", "New Year", "Black Friday",
    "Day One",
)  # fmt: skip
# Departments, units, currencies, formats and tools: capitals or rare letters without a name.
TECHNICAL = (
    "Procurement", "Recruiting", "Legal", "Finance", "Facilities", "Compliance", "Engineering", "Sales", "Customer Support",
    "Operations", "Purchasing", "Accounting", "Field Service", "Quality Assurance", "Product Management", "Training",
    "Public Relations", "Shipping", "Data Science", "Accounts Payable", "Works Council", "Reception", "Help Desk", "Front Desk",
    "Celsius", "Fahrenheit", "Kelvin", "Pascal", "Hz", "kWh", "Nm", "mm", "MiB", "GiB", "kB", "USD", "EUR", "GBP", "CHF", "BTC",
    "YYYY-MM-DD", "HH:MM", "DD/MM/YYYY", "UTC", "GMT", "CET", "ISO", "RFC", "ID", "UUID", "SSN", "IBAN", "BIC", "MAC", "TIN",
    "kubectl", "jsonl", "yaml", "npm", "pip", "nginx", "sqlite", "stdout", "csv", "toml", "grep", "sudo", "bash", "curl", "git",
    "Docker", "Kubernetes", "PostgreSQL", "Redis", "Kafka", "Terraform", "Ansible", "Jenkins", "Grafana", "Prometheus",
    "OAuth", "SAML", "TLS", "SSH", "VPN", "DNS", "TCP", "gRPC", "REST", "GraphQL", "OpenAPI", "OpenTelemetry", "LoRA", "LLM",
    "README", "CHANGELOG", "TODO", "FIXME", "NULL", "None", "True", "False", "NaN", "Enum", "Boolean", "String", "Integer",
)  # fmt: skip
# Credits name people; ordinary sentences of documentation do not.
_PROSE = re.compile(r"^(?!.*(?:[Bb]y [A-Z]|[Aa]uthor|[Cc]opyright|\u00a9|@|>>>)).*[a-z]{3}", re.DOTALL)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f'’ .-]{2,28}")


@cache
def towns() -> tuple[tuple[str, str], ...]:
    """Towns of the world and the state or region behind the comma, where one is given."""
    from phonenumbers.geodata import GEOCODE_DATA

    found: set[tuple[str, str]] = set()
    for names in GEOCODE_DATA.values():
        for part in names.get("en", "").split("/"):
            town, _, region = part.replace(" - ", ", ").partition(", ")
            if _LATIN.fullmatch(town) and town[0].isupper():
                found.add((town, region if _LATIN.fullmatch(region) or len(region) == 2 else ""))
    return tuple(sorted(found))


@cache
def prose() -> tuple[str, ...]:
    """Sentences of the standard library's docstrings: capitals without names."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    files = (*sorted(folder.glob("*.py")), *sorted(folder.glob("[a-z]*/[a-z]*.py")))
    sentences: dict[str, None] = {}
    for file in files:
        if (
            "site-packages" in file.parts
            or "test" in str(file.relative_to(folder))
            or file.parts[-2] == "lib2to3"
        ):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8", errors="replace"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                for sentence in re.split(r"(?<=[.:?!])\s+|\n\n", ast.get_docstring(node) or ""):
                    if 20 < len(sentence) < 240 and _PROSE.search(sentence):
                        sentences[sentence] = None
    return tuple(sentences)
