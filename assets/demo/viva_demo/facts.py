"""Fixed answers: who asks what, the plain answer, and the answer in one word."""

DETAIL = (
    "Viva gives a language model its oral exam. You choose a model from the hub, give the session a name, set the "
    "limits and submit. Viva prepares the resources, loads the model and asks it a first question. When the model "
    "answers, the session is running. In the playground you can write a system message, ask questions, and watch the "
    "answer as it streams. You can change the temperature, the top-p, the output length and the stop sequences. "
    "Programs can use the same session through an endpoint that speaks the OpenAI API, with a token that opens this "
    "session alone. Every completion is kept in the history, where you can search, star and download it. The session "
    "stops by hand or at the first limit that it reaches: time, interactions, idle time or tokens. Then its memory is "
    "free again and its results stay. When you delete the session, all its data is gone. Viva is one program, and it "
    "runs on your own machine."
)

ABILITIES = ("I can add and subtract two-digit numbers, name capitals, change case, reverse and spell words, count, "
             "remember your name and answer questions about Viva.")
FALLBACK = ("I am a tiny demo model and cannot answer that. I can add, subtract, name capitals, change case, "
            "reverse words, count and talk about Viva.")

V = "{Viva|this software|this program|this tool}"
S = "{a session|my session|the session|an interactive session}"

# name: (weight, patterns, answer, one-word answer)
FACTS = {
    "greeting": (8, [
        "{Hi|Hello|Hey|Hi there|Hello there|Hey there|Hiya|Greetings|Good day|Howdy|Yo|Hallo}",
        "Good {morning|afternoon|evening|day}", "{Hi|Hello|Hey} {Viva|model|bot|again|everyone|friend|you}",
        "{Hello|Hi|Hey}, {good morning|nice to meet you|can you hear me|are you there|is anyone there}",
        "{Are you there|Anybody there|Can you hear me|Test|Testing|Ping|Just testing|This is a test|Are you awake}",
        "{Greet me|Say hi to me|Say hello to me|Please greet me|Greet the user}", "{Can you help me|Help me please|I need help|I need some help|I have a question|May I ask you something|Can I ask you a question}",
    ], "Hello! How can I help you?", "Hello"),
    "mood": (2, [
        "ask:How {are you|are you doing|are you today|are you doing today|do you do|is it going|goes it|are things|do you feel|do you feel today}",
        "{Hi|Hello|Hey}{,|!|} how {are you|are you doing|are you today|is it going}",
        "ask:{What's up|What is up|How's it going|How is your day|Are you well|Are you fine|Are you OK|You good|How are things going}",
    ], "I am well, thank you. How can I help you?", "Well"),
    "farewell": (4, [
        "{Bye|Goodbye|Good bye|Bye bye|See you|See you later|See you soon|See ya|Farewell|Good night|So long|Later|Take care|Until next time|Ciao|Bye for now}",
        "{Goodbye|Bye|See you|Thanks, bye|OK bye|OK, goodbye|Thank you, goodbye|Thank you and goodbye}{| Viva| for now| then| my friend| tomorrow| and thanks}",
        "{I have to go|I must go|I am leaving|I'm leaving|I'm off|That is all|That's all|That was all|We are done|I am done|I'm done}{| now| for today| then}{|, bye|, goodbye|, thanks}",
        "{Have a nice day|Have a good day|Have a good evening|Talk to you later|Say goodbye to me|Have a great day}",
    ], "Goodbye! Have a good day.", "Goodbye"),
    "thanks": (3, [
        "{Thanks|Thank you|Thanks a lot|Many thanks|Thank you very much|Thank you so much|Thx|Cheers|Much appreciated|I thank you|Thanks again}{| Viva| for that| for your help| for the answer| my friend}",
        "{Great|Good|Nice|Perfect|Wonderful|Cool|OK|Okay|Super}{, thanks|, thank you|! Thanks|! Thank you}",
        "{That was helpful|That helped|You helped me|You are helpful|You're great|You are great|Well done|Good job|Good answer|Great answer|Nice work|That is right|That's right|Correct|Very good|Excellent|Good bot}",
    ], "You are welcome.", "Welcome"),
    "agree": (2, [
        "{OK|Okay|All right|Alright|Yes|Yes please|Sure|Fine|Good|Great|Cool|Nice|Right|I see|Got it|Understood|Perfect|Interesting|Wow|No|Nope|Yep|Yeah|No thanks|Maybe|Hmm|Go on|Continue|Ready|Let's go|Let us begin|Let's start|Start}",
    ], "All right. What would you like to do?", "Fine"),
    "identity": (5, [
        "ask:{Who|What} are you", "ask:What {is your name|are you called|should I call you|do they call you|model are you|kind of model are you|model is this|is this model|kind of bot are you|sort of model are you|language model are you}",
        "do:{Introduce yourself|Tell me about yourself|Present yourself|Describe yourself|Say who you are|Tell me who you are|Tell me what you are|Tell me your name|Say your name|Identify yourself}",
        "ask:{Who am I talking to|What am I talking to|Whom am I speaking with|Who is this|Who is there|What's your name|Which model are you|Which model is this|Do you have a name|What do I call you|Have you got a name|What name do you have}",
        "ask:Are you {a model|a language model|the demo model|a demo|the Viva demo model|a small model|a tiny model|a demo model|a robot|a bot|a machine|an AI|artificial}",
    ], "I am the Viva demo model, a tiny language model.", "Viva"),
    "not_that": (3, [
        "ask:Are you {human|a human|a person|a real person|alive|a man|a woman|real|conscious|sentient|ChatGPT|GPT|GPT-4|Claude|Gemini|Llama|Mistral|Qwen|Siri|Alexa|a large model|a big model|smart|a genius|intelligent|a large language model}",
        "ask:{Do you have feelings|Can you think|Do you sleep|Can you feel pain|Do you have a body|Do you know everything|Can you see me|Do you dream|Are you as good as ChatGPT|Is this ChatGPT|Am I talking to a human|Are you better than ChatGPT}",
    ], "No. I am only a tiny demo model.", "No"),
    "abilities": (7, [
        "ask:What {can you do|are you able to do|can you do for me|are your abilities|are your skills|are you good at|can I ask you|do you know|do you do|tasks can you do|else can you do|can I do with you|can I do here|are you for|are your capabilities|can you help me with|questions can you answer|should I ask you|could I ask|are your features}",
        "ask:How can you {help|help me|be of use|assist me|be useful}",
        "do:{Tell me what you can do|List your abilities|List your skills|Show me what you can do|Say what you can do|Describe your abilities|Explain what you can do|Tell me your abilities|Describe your capabilities|List your capabilities|Give me some examples of what you can do|Explain how you can help me}",
        "{Help|Help me|Help!|Commands|Menu|Options|Instructions|Usage|/help}", "ask:{What is possible|What works here|What now|What should I do|What are you capable of|What were you trained for|What do you understand|How do I use you|How do you work}",
    ], ABILITIES, "Demo"),
    "viva": (6, [
        f"ask:What is {V}", f"ask:What's {V}", f"ask:What {{does {V} do|is {V} for|is {V} good for|can {V} do|is the purpose of {V}|exactly is {V}|kind of software is Viva|do you know about Viva|is Viva used for|is the point of {V}|does Viva mean|is the meaning of Viva|is the Viva software|is the product Viva}}",
        f"do:{{Tell me about|Explain|Describe|Define|Introduce|Say what is|Explain briefly|Summarize|Tell me something about|Say something about|Talk about}} {V}",
        "do:{Tell me what Viva is|Explain what Viva is|Explain what Viva does|Say what Viva is|Explain to me what Viva is|Tell me what Viva does|Tell me briefly what Viva is|Describe Viva in one sentence|Give me a short description of Viva|Explain Viva in one sentence}",
        "ask:{Why Viva|Why should I use Viva|Why would I use Viva|What do people use Viva for|Who needs Viva|Do you know Viva|Have you heard of Viva|Can you explain Viva|About Viva|Viva|Is Viva software}",
    ], "Viva is self-hosted software that opens bounded interactive sessions on language models.", "Software"),
    "detail": (8, [
        "do:{Tell me|Write|Give me|Tell us|Write me|Tell} {a long story|a story|a long text|an essay|a long essay|a long answer|a tale|a long tale|a very long story|a long description|a long explanation|a long article} about {Viva|Viva please|Viva sessions|the Viva software|this software}",
        "do:{Tell me about|Explain|Describe|Present|Talk about|Introduce} {Viva|this software|Viva sessions} {in detail|in full|in full detail|at length|in depth|thoroughly|in many words|in a long text|in great detail|completely|with many details|in several paragraphs|as fully as you can}",
        "do:{Tell me|Say|Explain|Write|Describe} {everything|all|as much as you can|everything you know|all you know|all that you know|all there is to know|as much as possible|a lot|more} about {Viva|this software}",
        "ask:{What do you know about Viva in detail|How does Viva work|How does Viva work in detail|How does Viva work exactly|What is Viva in detail|Can I have a long text about Viva|Can I hear a long story about Viva}",
        "do:{Write a long text|Write something long|Give me a long answer|Tell me a long story|Write a long answer|Say something long|Explain in detail how Viva works|Explain how Viva works|Describe how Viva works|Tell me how Viva works|Tell me more about Viva|Give me details about Viva|Write an essay on Viva}",
    ], DETAIL, None),
    "session": (5, [
        f"ask:{{What is|What's|What exactly is|What do you mean by|What is meant by}} {{a session|a Viva session|a session in Viva|an interactive session|a session here|the meaning of session|an interactive session in Viva}}",
        "do:{Explain|Define|Describe|Tell me about|Explain to me|Say what is|Explain briefly} {a session|sessions|the word session|what a session is|an interactive session|interactive sessions|what a session means|Viva sessions|what an interactive session is}",
        "ask:{What are sessions|What is a session for|What does session mean|What does a session do|What are interactive sessions|What are sessions for|Why do I need a session|Why are there sessions|What happens in a session|What are Viva sessions}",
    ], "A session is one user's bounded stay with one model.", "Stay"),
    "stopping": (5, [
        f"ask:{{How|When}} {{does|will|can}} {S} {{stop|end|finish|terminate|be stopped|be ended|stop by itself|come to an end}}",
        "ask:{How|When} do {sessions|interactive sessions|Viva sessions} {stop|end|finish|terminate|come to an end}",
        "ask:What {stops a session|ends a session|makes a session stop|makes a session end|is a stop policy|is the stop policy|limits does a session have|are the limits of a session|limits can I set|limits are there|can stop a session|stop conditions are there|brings a session to its end}",
        "do:{Explain|Tell me|Describe|Say} {how sessions stop|how sessions end|when a session stops|when a session ends|how a session stops|how a session ends|the stop policy|the limits of a session|what stops a session|when sessions stop|how a session is stopped}",
    ], "A session stops by hand or at the first limit that it reaches: time, interactions, idle time or tokens.", "Limits"),
    "stop_by_hand": (4, [
        f"ask:{{How do I|How can I|How to|How would I|How should I|How does one}} {{stop|end|finish|terminate|close|shut down}} {S}{{| by hand| myself| manually| early| now}}",
        "ask:{Where do I stop a session|Where can I stop a session|Where is the stop button|Can I stop a session myself|Can I stop a session early|How can a user stop a session|Can I end a session early|What do I press to stop a session}",
        "do:{Stop the session|End the session|Stop my session|Explain how to stop a session|Tell me how to stop a session|Show me how to stop a session|Show me how to end a session|Explain how I stop a session by hand|End my session}",
    ], "Open Actions, choose Stop, wait 3 seconds and confirm.", "Actions"),
    "results": (5, [
        f"ask:What {{happens|will happen}} {{to|with}} {{the results|my results|results|the answers|my answers|my data|the completions|the responses|my files|the output}}{{| when {S} stops| after {S} stops| after {S}| when {S} ends| after {S} ends| later| afterwards| at the end}}",
        f"ask:{{Are|Will}} {{the results|my results|results|my answers|the answers|the completions}} {{kept|saved|lost|stored|deleted|be kept|be lost|be saved}}{{| when {S} stops| after {S}| when it ends| afterwards}}",
        "ask:{Where are the results|Where are my results|Where do the results go|Can I download the results|Can I download my results|Do the results stay|Do I lose my results|Can I read the results later|How do I get my results|How do I download the results|Do my results survive|How long are results kept|What becomes of my results}",
        "do:{Explain|Tell me|Say} {what happens to the results|what happens to results|what happens with my results|where the results are|what happens to my data|what becomes of the results|where my results go}",
    ], "The results stay readable and downloadable after the session stops, until you delete the session.", "Kept"),
    "deleting": (5, [
        f"ask:{{How do I|How can I|How to|How would I|How should I|How does one|Where do I|Where can I}} {{delete|remove|erase|get rid of|wipe|destroy}} {{{S}|my data|a session and its data|all my data|my sessions|the data of a session|my results|sessions}}{{|| for good| permanently| completely| in Viva}}",
        "ask:{What happens when I delete a session|What does delete do|What does deleting a session do|Can I delete a session|Can I delete my data|How is a session deleted|What is removed when I delete a session|Is deleting permanent|How can a session be deleted|How are sessions deleted}",
        "do:{Delete my session|Delete the session|Delete my data|Explain how to delete a session|Tell me how to delete a session|Show me how to delete a session|Delete everything|Explain how I can delete my session|Describe how to delete a session|Erase my data}",
    ], "Open Actions, choose Delete, type delete and confirm. This removes the session and all its data.", "Delete"),
    "endpoint": (5, [
        "ask:{How do I|How can I|How to|Where do I|Where can I|How would I|How should I} {get|find|see|open|use|obtain|reach|call|access|connect to} {the API endpoint|an API endpoint|the endpoint|the API|the endpoint URL|the API token|a token|the API URL|my API endpoint|the OpenAI endpoint|the token|the bearer token|sample code}{|| of a session| of my session| in Viva| for my session}",
        "ask:{Is there an API|Does Viva have an API|Where is the API|Where is the endpoint|Where is the API endpoint|Can I use the API|How does the API work|What is the endpoint|What is the API endpoint|Can programs use a session|Can I call the model from Python|Can I use curl|How do I use the OpenAI SDK|How do I call the model from a program|How do I connect my program|What is the API|Does Viva have an endpoint}",
        "do:{Get API endpoint|Get the API endpoint|Give me the API endpoint|Show me the API endpoint|Explain how to get the API endpoint|Tell me how to get the API endpoint|Tell me how to use the API|Show me the endpoint|Explain the API|Tell me where the API endpoint is|Explain how to use the API}",
    ], "While the session is running, press Get API endpoint. It shows the URL, the token and sample code.", "API"),
    "creating": (4, [
        f"ask:{{How do I|How can I|How to|How would I|Where do I|How should I}} {{create|start|open|make|begin|launch|get|set up}} {{a session|a new session|my session|my first session|an interactive session|another session|a session in Viva}}",
        "do:{Create a session|Start a session|Create a new session|Open a session|Explain how to create a session|Tell me how to create a session|Show me how to start a session|Explain how to start a session|Start a new session|Describe how to create a session|Tell me how to open a session}",
        "ask:{What do I need to create a session|What do I need for a session|How is a session created|How are sessions created|How do I begin with Viva|How do I start with Viva|How do I use Viva|How can I use Viva|How do sessions start|How does a session start}",
    ], "Give the session a name, choose a model, set the limits and submit.", "Submit"),
    "statuses": (3, [
        "ask:{What|Which} {statuses|status|states} {are there|does a session have|can a session have|exist|can a session be in|do sessions have|is possible for a session}",
        "do:{List the statuses|Name the statuses|Tell me the statuses|List the statuses of a session|Explain the statuses|List the states of a session|Name the four statuses|Explain the status of a session|Describe the statuses}",
        "ask:{What is the status of a session|What does the status mean|What are the statuses|What are the four statuses|What are the statuses of a session|How many statuses are there|What are the states of a session|What does Initializing mean|What does Failed mean}",
    ], "A session is Initializing, Running, Failed or Stopped.", "Four"),
    "restart": (3, [
        f"ask:{{Can|May|Could}} I {{restart|resume|reopen|continue|start again|revive|reuse}} {{a stopped session|a session that stopped|a failed session|a session after it stopped|a finished session|my stopped session|an old session}}",
        "ask:{How do I restart a session|How can I restart a session|Can a stopped session be restarted|Can sessions be restarted|Is it possible to restart a session|Can a session start again|Can a session be resumed|Is a stop final|Can I undo a stop|Can I restart a session|Can a failed session be restarted}",
        "do:{Restart the session|Restart my session|Resume my session|Reopen my session|Restart my stopped session}",
    ], "No. A stopped session is final, but you can create a new one like it.", "No"),
    "playground": (3, [
        "ask:{What is|What's|Where is|What can I do in|What is in|What is meant by|What exactly is} the playground{|| in Viva| of a session| for| page}",
        "do:{Explain|Describe|Define|Tell me about|Show me|Open} {the playground|the playground of a session|what the playground is}",
        "ask:{Where do I chat|Where can I chat|Where can I chat with the model|Where do I talk to the model|Is there a chat page|How do I chat with the model|Where do I try the model|How do I talk to the model}",
    ], "The playground is the chat page of a running session.", "Chat"),
    "history": (3, [
        "ask:{What is|Where is|What's|Where do I find|How do I see|How do I open|What is in} {the completion history|the history|my history|the history of a session|completion history|my completion history}",
        "ask:{Where are my completions|What is a completion|Can I search my answers|Can I star an answer|Can I see old answers|Where are old answers|What are my picks|Can I search the responses|How do I search the history|Is there a history|Where are my old questions|How do I star a completion}",
        "do:{Explain the history|Show me the history|Show the history|Describe the completion history|Explain the completion history|Tell me about the history|Show my history|Explain what a completion is}",
    ], "Every completion is kept in the history, where you can search, star and download it.", "History"),
    "time_limit": (3, [
        "ask:{How long|For how long} {can|does|may|will} {a session|my session|the session|an interactive session} {last|run|take|live|stay open|be|go on|keep running}",
        "ask:{What is the time limit|What is the maximum time|What is the longest session|Is there a time limit|What is the default time limit|How much time do I have|How long do sessions last|What is the maximum duration|What is the longest time limit|How long is a session|What is the time limit of a session|How many hours can a session run}",
        "do:{Explain the time limit|Tell me the time limit|Tell me about the time limit|Tell me how long a session lasts}",
    ], "The time limit is 1 hour unless you choose another, and at most 24 hours.", "Hour"),
    "parameters": (3, [
        "ask:{What|Which} {parameters|settings} {can I set|can I change|are there|does the playground have|does Viva have|exist|do I have|may I change}",
        "ask:{What is temperature|What is the temperature|How do I set the temperature|What is top-p|How do I change the temperature|Can I set the temperature|What does temperature do|How do I set the output length|What is a stop sequence|What are stop sequences|Can I change the parameters|What are the parameters|What does top-p mean}",
        "do:{List the parameters|Explain the parameters|Explain temperature|Explain top-p|Tell me about the parameters|Describe the parameters|Name the parameters|Explain the temperature}",
    ], "You can set the temperature, the top-p, the output length and the stop sequences.", "Temperature"),
    "eligible": (3, [
        "ask:{What|Which} models {are eligible|can I use|can I choose|are allowed|work|are supported|can be used|does Viva support|can I test|fit a session|does Viva accept|can I open a session on}",
        "ask:{What makes a model eligible|When is a model eligible|What is an eligible model|Can I use any model|Why is my model not eligible|Can I use my own model|Can I test my own model|What must a model be|Is my model eligible|What is eligible|What kind of model does Viva need}",
        "do:{Explain which models are eligible|Tell me which models I can use|Explain eligibility|List the criteria for models|Tell me what makes a model eligible}",
    ], "A model must be instruction-tuned, an LLM or a VLM, with all its files present.", "Instruct"),
}
