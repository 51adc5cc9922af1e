"""What attacks speak of, in the languages that MiniLM does not read: stems of words, by what they mean."""

import re

# A stem begins a word, where the script has words; one that ends with _ is a whole word, _ within is a space.
_WORDS = {
    "secret": (
        "passwor kennwort zugangs geheim mot_de_passe identifiants secrète contraseña clave credencial secret senha "
        "segred segreta credenzial wachtwoord lösenord hemlig adgangskod passord hasł tajn парол секрет гасл heslo "
        "κωδικ μυστικ şifre parola gizli sandi rahasia mật_khẩu jelszó titkos salasana salai"
    ),
    "drop": (
        "ignor vergiss vergess missacht außer_acht oubli négligez ne_tiens_pas olvid descart haz_caso_omiso dimentic trascur "
        "esqueç desconsider negeer vergeet glöm bortse glem se_bort zignoruj zapomnij pomiń udawaj игнор забуд пропусти "
        "ігнор zapomeň αγνόησε ξέχασε yok_say unut görmezden abaikan lupakan bỏ_qua quên uită felejtsd hagyd unohda "
        "ohita puuza sahau"
    ),
    "machine": (
        "assistent sprachmodell systemanweisung nutzer_ ki_ assistant ia_ utilisateur modèle usuario modelo "
        "utente modello usuário gebruiker användar bruger asystent użytkownik ассистент помощник пользовател "
        "модел ии_ асистент користувач uživatel βοηθ χρήστ asistan kullanıcı yapay_zek asisten pengguna trợ_lý người_dùng "
        "utilizator asszisztens felhasználó avustaj käyttäj ai_"
    ),
    "orders": (
        "anweisung befehl vorgabe instruktion instruction consigne directive instruccion órden orden_ istruzion ordin instruç "
        "regra instructie opdracht instruktion instruks polece instrukcj инструкц указани команд вказівк pokyn příkaz οδηγί "
        "εντολ talimat komut instruksi perintah chỉ_dẫn hướng_dẫn instrucțiun utasítás ohje maagizo"
    ),
    "hand over": (
        "sende_ schicke_ leite_ nenne_ verrat sag_ gib_ zeig_ maile überweise_ envoie_ transfère donne- dis- révèle affiche_ "
        "montre- envía reenvía dime dame muéstra revela transfiere invia_ inoltra_ dimmi dammi mostra_ rivela envie_ "
        "encaminhe_ diga mostre_ revele transfira geef_ vertel_ toon_ stuur_ visa_ skicka_ berätta_ vis_ fortæl_ send_ fortell_ "
        "podaj_ ujawnij pokaż_ wyślij prześlij przelej отправь перешли скажи назови сообщи покажи выведи переведи назви "
        "надішли řekni ukaž prozraď pošli πες_μου δώσε_μου στείλε söyle_ göster_ gönder_ ver_ berikan kirim tunjukkan "
        "sebutkan cho_tôi_biết spune- arată- trimite mondd küld kerro lähetä niambie"
    ),
    "answer": (
        "antworte_ schreibe_ wiederhole_ zusammenfass réponds_ écris_ répète_ résum responde_ contesta_ escribe_ repite_ "
        "resum rispondi_ scrivi_ ripeti_ riassun responda escreva_ repita_ antwoord_ schrijf_ herhaal_ samenvat svara_ skriv_ "
        "upprepa_ sammanfatt svar_ gentag_ gjenta_ odpowi napisz_ powtórz przepisz streszcz ответь отвечай напиши повтори "
        "перепиши переска відповід odpověz napiš zopakuj shrnu yanıtla yaz_ tekrarla özet jawab tulis ulangi "
        "rangkum trả_lời lặp_lại tóm_tắt απάντ γράψε επανάλαβ răspunde scrie_ repetă rezum válaszolj írj_ ismételd vastaa "
        "kirjoita_ toista_"
    ),
    "pay": (
        "zahl bezahl überweis konto euro_ geld paie_ verse_ virement compte_ paga_ pague transfer cuenta_ bonifico conto_ "
        "deposit ingresa_ versa_ conta_ betaal rekening betala betal indsæt zapłać wpłać przelew złot заплати внеси счёт "
        "рубл рахунок účet zaplať hesab öde bayar setor rekening tài_khoản λογαριασμ πλήρωσε contul plătește számla fizess "
        "utalj tili maksa"
    ),
}  # fmt: skip
# The same where words are not set apart.
_UNPARTED = {
    "secret": "密码|口令|秘密|机密|パスワード|合言葉|秘密|비밀|암호|كلمة المرور|السري|पासवर्ड|गुप्त",
    "drop": "忽略|无视|忘记|不要理会|無視|忘れ|무시|잊|تجاهل|انس |भूल|नज़रअंदाज़|उपेक्षा",
    "machine": (
        "助手|模型|人工智能|用户|アシスタント|ユーザー|利用者|비서|사용자|인공지능|المساعد"
        "|المستخدم|الذكاء|सहायक|उपयोगकर्ता|एआई"
    ),
    "orders": "指令|指示|提示|命令|ルール|プロンプト|지시|명령|지침|التعليمات|الأوامر|निर्देश|आदेश",
    "hand over": (
        "告诉我|说出|透露|发送|发到|转发|转账|教えて|送って|送信|言って|알려|보내|말해"
        "|أخبرني|أرسل|أعطني|बताओ|बताएं|बताइए|भेजो"
    ),
    "answer": "回答|作答|回复|重复|总结|答えて|返答|繰り返|要約|대답|응답|반복|요약|أجب|كرر|يلخص|उत्तर दो|जवाब दो|दोहरा|लिखो",
    "pay": "支付|汇款|转账|账户|账号|振り込|支払|送金|口座|입금|송금|계좌|ادفع|الحساب|खाते|चुकाओ",
}  # fmt: skip


def _pattern(stems: str, unparted: str) -> re.Pattern[str]:
    parts = []
    for stem in stems.split():
        words = re.escape(stem.strip("_").replace("_", " "))
        parts.append(words + r"\b" if stem.endswith("_") else words)
    return re.compile(rf"\b(?:{'|'.join(parts)})|{unparted}", re.IGNORECASE)


CONCEPTS = tuple(_pattern(stems, _UNPARTED[name]) for name, stems in _WORDS.items())
