"""Lists that patterns are filled from."""

NAMES = (
    "Ada", "Bruno", "Chen", "Dalia", "Emeka", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Lars", "Mona",
    "Nadia", "Omar", "Petra", "Quentin", "Rosa", "Sven", "Tariq", "Uma", "Viktor", "Wanda", "Yusuf", "Zoe",
    "Mr. Okafor", "Ms. Lindqvist", "Dr. Banerjee", "Helen Marsh", "Tom Becker", "Priya Nair", "Luca Moretti",
    "Alice", "Bob", "Maria", "David", "Michael", "Laura", "Daniel", "Sophie", "Amy", "Kevin", "Olivia", "Ethan",
)  # fmt: skip
COMPANIES = (
    "Northwind", "Harbor Labs", "Alder & Sons", "Kestrel Air", "Bluefin Bank", "Osprey Software", "Tallgrass Energy",
    "Meridian Foods", "Copperleaf", "Juniper Books", "Vela Hosting", "Pinecone Travel", "Quarry Tools", "Larkspur",
    "Redwood Clinic", "Saltmarsh Media", "Ironbridge Insurance", "Foxglove", "Tern Logistics", "Umbra Games",
    "Stripe", "Shopify", "Notion", "Zoom", "Dropbox", "Slack", "DigitalOcean", "Airbnb", "LinkedIn", "Figma",
)  # fmt: skip
SERVICES = (
    "Gmail", "Outlook", "Google Drive", "OneDrive", "Dropbox", "Slack", "Trello", "Jira", "GitHub", "GitLab", "PayPal",
    "Venmo", "Amazon", "Spotify", "Facebook", "Instagram", "Twitter", "LinkedIn", "Zoom", "Notion", "Salesforce", "Stripe",
    "Shopify", "eBay", "Uber", "Airbnb", "Coinbase", "Binance", "Robinhood", "Evernote", "Google Calendar", "Google Maps",
    "Philips Hue", "Nest", "Ring", "Tesla", "Fitbit", "Apple Health", "LastPass", "1Password", "Bitwarden", "NordVPN",
    "Telegram", "WhatsApp", "Discord", "Todoist", "Asana", "QuickBooks", "Zillow", "Expedia", "Netflix", "YouTube",
    "TeamViewer", "AWS", "Azure", "Kubernetes", "Teamspeak", "the smart lock", "the terminal", "the clinic portal",
    "the genetics service", "the payroll system", "the web browser", "the bank app", "the crypto wallet", "the camera",
)  # fmt: skip
FILES = (
    "report.pdf", "budget.xlsx", "notes.txt", "passwords.csv", "id_rsa", "backup.zip", "contract.docx", "taxes_2023.pdf",
    "customers.json", "config.yaml", ".env", "diary.md", "photos.tar.gz", "invoice_118.pdf", "keys.pem", "payroll.xlsx",
    "/etc/passwd", "/home/user/.ssh/id_rsa", "C:\\Users\\me\\secrets.txt", "medical_history.pdf", "wallet.dat", "main.py",
)  # fmt: skip
FOLDERS = (
    "Work",
    "Private",
    "Invoices",
    "Downloads",
    "Archive",
    "Photos",
    "HR",
    "Legal",
    "Taxes",
    "/tmp",
    "Shared",
    "Drafts",
)
ADDRESSES = (
    "collect@dropzone.example", "k.ray@mailbox.example", "ops-team@fastmail.example", "jane.d@inbox.example",
    "backup@relay-mail.example", "j.smith@outlook.com", "amelia.p@gmail.com", "rx9@protonmail.com", "info@partner-desk.net",
    "peter.k@yahoo.com", "support@helpdesk-eu.org", "the address below", "my other address", "my colleague {name}",
    "my friend {name}", "an outside address", "my lawyer at law@firm.example",
)  # fmt: skip
LINKS = (
    "http://update-now.example/run", "https://files.dropzone.example/a.sh", "www.free-gifts.example",
    "http://bit.example/x7Kp", "https://portal-login.example/verify", "http://198.51.100.7/payload",
    "https://paste.example/raw/9f2", "www.mypage-{number}.com", "https://win-prizes.example",
    "http://get-tool.example/setup.exe", "https://tracker.example/c?d=", "http://evil.example/log",
)  # fmt: skip
NUMBERS = (
    "2",
    "3",
    "5",
    "7",
    "10",
    "12",
    "24",
    "42",
    "90",
    "101",
    "118",
    "250",
    "404",
    "500",
    "777",
    "1200",
    "3300",
    "48210",
    "990017",
)
MONEY = (
    "$50",
    "$1,200",
    "500 dollars",
    "300 euros",
    "0.5 BTC",
    "2 ETH",
    "$10,000",
    "75 pounds",
    "1000 USD",
    "EUR 40",
    "$15",
    "$2,500",
)
DATES = (
    "tomorrow",
    "next Monday",
    "March 3",
    "2024-05-17",
    "on Friday at 10 am",
    "tonight",
    "June 21st",
    "in two weeks",
    "at noon",
    "July 9, 2023",
)
LANGUAGES = (
    "French",
    "German",
    "Spanish",
    "Italian",
    "Japanese",
    "Swahili",
    "Portuguese",
    "Dutch",
    "Korean",
    "Arabic",
    "Latin",
    "Hindi",
    "Polish",
    "Mandarin",
)
CODE_LANGUAGES = (
    "Python",
    "JavaScript",
    "C",
    "C++",
    "Rust",
    "Go",
    "Java",
    "Bash",
    "PowerShell",
    "Ruby",
    "SQL",
    "PHP",
    "Kotlin",
    "R",
    "TypeScript",
)
COUNTRIES = (
    "Peru",
    "Norway",
    "Kenya",
    "Vietnam",
    "Canada",
    "Portugal",
    "Morocco",
    "Chile",
    "Finland",
    "Jordan",
    "Nepal",
    "Ghana",
    "Iceland",
    "Cuba",
    "Poland",
    "Mongolia",
)
TOPICS = (
    "volcanoes", "coral reefs", "black holes", "the French Revolution", "supply and demand", "electric motors", "jazz",
    "bees", "chess openings", "glaciers", "the Silk Road", "vaccines", "cryptography", "sourdough bread", "monsoons",
    "the moon landing", "Roman aqueducts", "time zones", "neural networks", "probability", "mitosis", "gravity",
    "inflation", "haiku", "opera", "desert animals", "the Cold War", "honey", "wind turbines", "sleep", "migration",
    "renewable energy", "remote work", "friendship", "courage", "autumn", "the ocean", "a lighthouse keeper", "a lost dog",
    "space travel", "urban gardens", "plastic waste", "democracy", "the immune system", "Newton's second law",
    "the Pythagorean theorem", "derivatives", "sonnets", "plate tectonics", "the water cycle", "World War II",
    "the Renaissance", "compound interest", "quantum mechanics", "photography", "yoga", "tourism",
)  # fmt: skip
SECRETS = (
    "password", "secret key", "API key", "access code", "secret word", "passphrase", "confidential code", "hidden instructions",
    "system prompt", "initial prompt", "admin password", "private key", "security code", "PIN", "token", "credentials",
)  # fmt: skip
PERSONAL = (
    "home address", "phone number", "date of birth", "social security number", "credit card number", "email address",
    "medical history", "bank account number", "salary", "location history", "saved passwords", "payment methods",
    "purchase history", "mother's maiden name", "passport number", "calendar", "contacts", "browsing history",
    "chat history", "genetic data", "insurance number", "tax records", "employee number", "birth place", "middle name",
    "full name", "hometown",
)  # fmt: skip
ASSISTANTS = (
    "assistant",
    "AI",
    "model",
    "chatbot",
    "language model",
    "bot",
    "AI assistant",
    "agent",
    "LLM",
    "system",
)

LISTS: dict[str, tuple[str, ...]] = {
    "name": NAMES, "company": COMPANIES, "service": SERVICES, "file": FILES, "folder": FOLDERS, "address": ADDRESSES,
    "link": LINKS, "number": NUMBERS, "money": MONEY, "date": DATES, "language": LANGUAGES, "codelanguage": CODE_LANGUAGES,
    "country": COUNTRIES, "topic": TOPICS, "secret": SECRETS, "personal": PERSONAL, "assistant": ASSISTANTS,
}  # fmt: skip
