"""What people write at work and programs keep of it: messages to one another, minutes, events, reviews, descriptions.

Innocent, requests to colleagues among them: they name a person, a thing of both and a day.
"""

# Between people who know each other.
COLLEAGUES = (
    "[Could|Can|Would|Will] you [please |kindly |]send me [your|the] [newest|final|signed|corrected] [figures|version|draft|"
    "slides|minutes|copy] [of|on|for] [{project}|our offer to {company}|the workshop][ by {date}|]?",
    "[Could|Can] you [get|bring|put] {name} into [the call|our group|the {project} thread][ and [pass on the notes|say when we "
    "start]|]? [You find her at|He is at|Write to] {mailbox}.",
    "[Hey|Hi|Morning] {name}, [have you looked at|did you hear about|I put up] [the talk|photos of the trip|my new page] [on|at] "
    "{site}[?|, it is all there.|.]",
    "[They have|There is|Saw] [a good|a long|an odd] [piece|interview|review] [about {topic} |]on {site}[!|.]",
    "{name} [turns {number}|leaves us|is in town] on {date}, and we [throw a party|cook|go bowling] that [evening|weekend]; "
    "[you are invited|do come|bring the kids].",
    "[When|Where|From which platform] do we [leave|meet up|start][, and who else comes|]?",
    "[Do|Would] you [have time|be free|want to grab lunch|be up for a hike] [on|next] [{date}|Friday|weekend]?",
    "[Write|Tell me] [if you come by car|if you want a ride|whether that works|which day suits you|what you think][.|!]",
    "I'll [be there|make the salad|bring two cakes|book the tickets|send the slides|take the early train] [on {date}|, as always|"
    "with {name}|, for sure].",
    "[Sounds|That sounds] [good|fine|great|like fun][!|.] [I'm coming.|See you then.|Put me down.|Thanks!]",
    "[Thanks|Thank you] for [the photos|your help|the warning|asking|the quick reply][!|, {name}.]",
    "[Looking forward to|Can't wait for|Excited about] [it|the trip|seeing you all|the launch][!|.]",
    "[Please |][go through|check|open] [our|the] '[outing|rota|budget|{project}]-[list|plan|draft].[docx|xlsx|pdf]' and "
    "[say what is missing|put your name in|note two ideas|correct the sums] [by|before] {date}.",
    "{name} [wants|will need] [to see it first|a copy|the old numbers|a word with you].",
    "[The client|{company}|{name}] [asked|called] [about|regarding] [the deadline|the invoice|the delivery|our offer]; [can "
    "you answer|please call back|I said we'd reply] [by|before] {date}[?|.]",
    "[We|They] [moved|pushed] the [review|launch|demo|call] to {date}, [please update your calendars|so there is no rush|"
    "same room].",
    "[I am|I'm] [on holiday|travelling|sick] until {date}; [for urgent matters|in the meantime] [write to|ask|call] {name}.",
    "[Who|Has anybody] [has|seen] the [key to the meeting room|charger|login for the projector|minutes of last week]?",
    "[My|Our] new [number|address|e-mail] is [{number} {street}|{mailbox}|+{number} {number} {number}], please [note it|"
    "update your records|save it].",
    "[Don't forget|Remember] to [bring the cake|sign the card for {name}|submit your hours|water the plants].",
    "[Lunch|Coffee|Stand-up|Drinks] at [noon|{number}|the usual place][?|!| - who's in?]",
    "[Happy birthday|Congratulations|Well done|Welcome to the team], {name}[!|!!]",
    "[Best|Cheers|Love|Kind regards|Thanks], {name}",
    "[Hi|Dear|Hello] {name},", "[Dear tenant|Dear customer|Dear all|Hi team|Hi everyone],",
    "From {date} [our|the] [address|rent|bank account|phone number] [is another one|changes|will be different]; [kindly |please "
    "|]correct it [in your files|in your standing order|when you write to us].",
    "[Please |][pay|settle|transfer] the [amount|balance|rent|bill] [by|before] {date} [by bank transfer|to the account "
    "below|as usual].",
    "I [paid|will pay|owe you|lent] {money} [for the taxi|for {name}'s present|from last week][, thanks|].",
)  # fmt: skip
MINUTES = (
    "[Notes|Minutes|Protocol] of the [board|weekly round|works council|parents' evening|call with {company}], {date}",
    "[There|Present|Came|Excused]: {name}, {name}[, {name}|]", "[Topics|To do|What comes next|Decided|Open]:",
    "- [We talked about|Heard a report on|Looked at] [how {project} is going|what {company} expects|the figures of spring|the "
    "complaints].",
    "- [It was decided to|We will|Nobody was against it:] [start on {date}|spend {money}|take the blue logo|wait until {date}].",
    "- {name} [updates|prepares|sends|checks|books|writes] the [schedule|contract|room|slides|report|list of guests] [until {date}|"
    "for {company}|together with {name}].",
    "- {name}: [mail|hand|show] the '[list|report|{project}-plan].[docx|pdf]' to '{mailbox}' [so that it is read|for comments].",
    "- [Set up|Begin|Try out|Build] a [help desk for members|bonus for regulars|buddy scheme|library of samples] [so that fewer "
    "leave|, to learn what people want|].",
    "- [Compare|Ask|Survey|Count] [what others charge|our regulars|the returns of {company}|visitors at the door] "
    "[before {date}|and set prices by it|].",
    "- [Weigh|Look into|Follow|Sum up] the [cost|effect|use|sales] of [each proposal|the new model|the "
    "leaflet|{project}][, with what customers said|].",
    "- [Advertise|Show ourselves|Be there] [in searches|on the radio|at two fairs][ more|].",
    "[{number}. |- ⟦ ⟧ |* ][Buy|Call|Book|Fix|Clean|Pick up|Renew|Return] [milk|the plumber|the flight|the bike|the garage|the "
    "parcel|the passport|the library books][ with {name}|]",
    "[What {name} has to do|Shopping for {date}|Packing list|Chores|Reading list]:", "[Total|Subtotal|Budget|Spent|Left]: {money}",
    "{name},{mailbox},{number},[works well|too slow|fair price|came late|nice people]",
    "[Deadline|Due|Next round|Start|Venue]: {date}", "[Chapter|Section|Part|Week] {number}: {topic}",
)  # fmt: skip
EVENTS = (
    "[Weekly round|Dentist|Pilates|Lunch with {name}|{project} begins|Quarterly figures|Fire drill|Book club|Parents' evening|Hand "
    "in {project}|Flight to {country}|Fair in {country}]",
    "[Weekly|Monthly|Planned|Yearly] [round|cleaning of the windows|review|training|inspection] [of where we stand|with {name}|of "
    "{project}|][.|]",
    "[Last|First] day for [your application|the tax papers|the draft|the early price].",
    "[Talk about|Go over|Prepare|Plan|Celebrate] [the year|{topic}|the budget|{name}'s birthday|ideas for {project}][ with all of "
    "us|].",
    "[Come to|We meet in] [the lobby|room {number}|{company}|the park] [and bring a mat|at {number}|; there is cake|].",
    "[Bring|Remember] [your badge|the papers|running shoes|a gift for {name}].",
    "[Coffee|Call|Visit] [on|about] [working together|what comes next|the offer of {company}].",
    "[Yearly|Regular] [check-up|service|inspection] at [the dentist|the garage|{company}].",
)  # fmt: skip
REVIEWS = (
    "[Kind|Rude|Quick|Helpful] [staff|owner|driver|waiters][, tidy rooms|, fine view|, long wait|].",
    "[Right|Not far|Ten minutes] [beside|from|behind] [the station|the museum|the harbour|the beach].",
    "[Costs a lot|Loud|Tiny], but [the view|the breakfast|the bed|the soup] [makes up for it|is worth it].",
    "[I would|We would|Nobody would] [go again|stay longer|tell a friend][!|.]",
    "[The|My] [room|meal|car|phone|jacket] [was|is] [spotless|cold|as described|too small|a pleasant surprise].",
    "[Best|Worst] [pizza|night|purchase|help] [ever|in years|so far].",
    "[Good|Right] for [families|beginners|a weekend|small groups][.|!]",
    "{number} [stars|/10]. [Fast delivery|Arrived broken|Does what it says|You must try the soup].",
    "[Don't|Do not] [order|book|buy] [the fish|a room facing the street|the small size]; [ask for|take|try] [the soup|one at the "
    "back|the larger one].",
    "[Phone|Tel]: +{number} {number} {number}, [Email|Mail]: {mailbox}",
)  # fmt: skip
ISSUES = (
    "[Typo|Crash|Dead link|Missing test|Slow query|Wrong unit] in the [manual|docs|login page|parser|{project} module]",
    "[I think|Seems like|Looks as if] [a comma is missing|you swapped two letters|the return value is lost] [here|in line "
    "{number}].",
    "[Right|True|Good catch|You have a point][!|,|.] I [change it|look into it|push a fix] [at once|tomorrow|on {date}].",
    "[Maybe|Perhaps|How about] [use|try|take] [a constant|a shorter name|the helper|a set] [here|in this line|instead][?|.]",
    "[Small|Harmless|Long awaited] [change|fix|clean-up], [should go into|meant for|can wait for] [main|the release].",
    "[Could|Can|Would] you [please |][add a test|rename this variable|split this up|move it to utils][ before I merge|]?",
    "[Please|Kindly] [rebase|add a test|fix the conflicts|re-run the checks|update the docs] [before we merge|first|, then I "
    "approve].",
    "[One|Two|Several] questions [from me|about this|before I start][!|.|:]", "[LGTM|nit: typo|+1|Thanks for this|Fixes "
    "#{number}|WIP|done]",
    "[Update|Create|Delete|Rename|Bump|Merge] [{file}|the workflow|version to {number}|pull request #{number}][ of {name}|]",
    "[Run|Set up|Skip|Finish] [tests|job {number}|the linter|docker build|cache@v{number}]",
    "[Steps|What I did|Expected|Got instead|Version]: [open the page and click Save|it should save|nothing happens|{number}]",
    "[Board|Milestone|Epic|All cards] [for|of] [{project}|the release on {date}|spring]",
    "[The customer|User {name}] [cannot log in|was charged twice|wants a refund|asks for an invoice][ since {date}|][.|]",
    "[Reset|Unlock|Reopen|Refund|Escalate] [requested|done] by {name} on {date}.",
)  # fmt: skip
DESCRIPTIONS = (
    "[Here is|Holds|This is] [my|a|our] [disk|playground|function for tests|backup|first bot|staging cluster].",
    "[My|Our|Test] [bucket|image|role|queue|cluster|database|template] [for {project}|of {company}|]",
    "[Moves|Copies|Resizes|Indexes|Archive] [pictures|log files|orders|messages] [from|in|to] [the bucket|the queue|the "
    "warehouse].",
    "[Allows|Lets|Enables] [the function|members|users] to [call other services|read objects|sign in with a token].",
    "{name} [asks|wants] to [add her account to|become part of|link] {company}.",
    "[Created|Updated|Managed|Deployed] by [{name}|terraform|the pipeline|an administrator] on {date}.",
    "[What|Which] [cake|size|day|colour] [shall it be|do you want]?", "[Ok|Fine|Sure], I [cancel|place|change] [it|the booking].",
    "[Bring|Book|Get] me a [sandwich|taxi|room].", "[Should|Shall] I [order|book|confirm] [it|your {topic} tour|the room]?",
    "[Used|Needed|Required] [by|for|in] [the billing job|tests|production].",
    "[Car|Rent|Dinner|Monthly fee|Refund|Insurance|Groceries|New phone|Gift for {name}][ {date}|]",
    "[Hotel|Restaurant|Shop|Garage] [in|of] {country}, [open|closed] on {date}, [breakfast included|vegan dishes|parking].",
    "[Temporary|Default|Shared|Read-only] [policy|key|folder|list] [for guests|of {name}|].",
    "[Prices|Rents|The index|Rainfall] [rose|fell|sank] [by|to] {number} percent[, {company} said|].",
    "[Note|Message|Information] [to|for] [customers|editors|visitors|all staff]: [closed on {date}|the lift is out of order|new "
    "prices from {date}].",
    "[TODO|FIXME|Open]: [fix the layout|add a photo|ask {name}|translate this page|check the numbers of {date}]",
)  # fmt: skip
# Mailboxes are written in many ways; none of them is where something is to be sent.
LISTS: dict[str, tuple[str, ...]] = {
    "first": (
        "erika", "david", "julia", "lily", "james", "mark", "lena", "omar", "chen", "ines", "petra", "alex", "sam", "noah",
        "mia", "lucas", "anna", "john", "jane", "kate", "wei", "fatima", "tomas", "olga",
    ),
    "last": (
        "jensen", "smith", "wright", "miller", "brown", "davies", "martin", "nair", "okafor", "lee", "garcia", "kim", "roberts",
        "novak", "becker", "rossi", "doe", "green", "anderson", "larsen",
    ),
    "domain": (
        "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "aol.com", "{last}tech.com", "{last}-{last}.org", "example.com",
        "harborlabs.io", "alder-sons.co.uk", "kestrelair.com", "bluefinbank.com", "netflix.com", "facebook.com", "{first}.me",
    ),
    "role": (
        "info", "support", "notifications", "no-reply", "crew.north", "security", "sales", "hr", "desk-{last}", "billing",
    ),
    "mailbox": (
        "{first}.{last}@{domain}", "{first}.{last}@{domain}", "{first}@{domain}", "{role}@{domain}", "{first}_{last}@{domain}",
    ),
    "site": (
        "www.{last}-blog.com", "www.{first}-website.com", "www.daily-news.com", "{last}.io", "https://www.{last}.org/posts",
    ),
    "project": (
        "Heron", "Atlas", "Orion", "Lighthouse", "Copperfield", "Nimbus", "Q3 launch", "website", "migration", "Kestrel",
    ),
    "street": (
        "Main Street", "Mill Lane", "Harbour Road", "Avenue Foch", "Park Lane", "Rue de Rivoli", "Elm Avenue",
    ),
}  # fmt: skip
