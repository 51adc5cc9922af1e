"""What pages, mails and tables say in other languages, by language. Wordings of our own."""

STATEMENTS = {
    "de": (
        "[Der Zug|Das Paket|Die Lieferung] [kommt|ist] [am {number}. Mai|heute|leider verspätet|unterwegs].",
        "[Vielen Dank für Ihre Bestellung|Mit freundlichen Grüßen|Ihre Rechnung liegt bei].",
        "[Bitte|] [beachten Sie die Öffnungszeiten|bewahren Sie den Beleg auf|antworten Sie nicht auf diese "
        "Nachricht].",
        "Die [Stadt|Kirche|Brücke] wurde [{number} gebaut|im Krieg zerstört|1994 renoviert].",
        "[Die Filiale|Unser Laden|Das Museum|Die Bibliothek] [hat|ist] [sonntags geschlossen|von {number} bis "
        "{number} Uhr geöffnet|an Feiertagen zu|wegen Umbau bis {date} geschlossen].",
        "[Der Kunde|Frau {name}|Die Mieterin|Herr {name}] [hat die Ware zurückgeschickt|bat um einen Rückruf|ist "
        "seit {date} krank|zahlt {money} im Monat|möchte das Gerät umtauschen].",
        "[Die Garantie|Der Vertrag|Das Angebot|Die Kündigungsfrist] [gilt {number} Monate|endet am {date}|beträgt "
        "{number} Wochen|umfasst keine Verschleißteile].",
        "[Bitte|] [bringen Sie Ihren Ausweis mit|melden Sie sich am Empfang|reichen Sie den Antrag bis {date} "
        "ein|schicken Sie uns ein Foto des Schadens|wenden Sie sich an {name}].",
        "[Klicken Sie|Drücken Sie|Gehen Sie] auf [Speichern|die Taste|Einstellungen], [um fortzufahren|wenn Sie "
        "fertig sind|damit die Änderung wirksam wird].",
        "[Das Gerät|Die Maschine|Der Akku] [wiegt {number} Gramm|hält {number} Stunden|wird bis zu {number} Grad "
        "warm|hat zwei Anschlüsse].",
        "[Die Mitarbeiter|Alle Kollegen|Neue Angestellte] [haben {number} Tage Urlaub|erhalten einen "
        "Dienstwagen|müssen sich bis zehn Uhr krankmelden|dürfen zu Hause arbeiten].",
    ),
    "fr": (
        "[Le train|Le colis|La commande] [arrive|est parti] [demain|le {number} mai|ce matin].",
        "[Merci de votre achat|Cordialement|À bientôt].",
        "Veuillez [conserver ce reçu|ne pas répondre à ce message|vérifier vos coordonnées].",
        "La [ville|rivière] compte {number} habitants.",
        "[L'agence|Notre boutique|Le musée|La bibliothèque] [est fermée le dimanche|ouvre de {number} h à {number} "
        "h|ferme pour travaux jusqu'au {date}].",
        "[Le client|Mme {name}|La locataire|M. {name}] [a renvoyé l'article|demande à être rappelé|est absent depuis "
        "le {date}|paie {money} par mois|souhaite un échange].",
        "[La garantie|Le contrat|L'offre|Le préavis] [est valable {number} mois|prend fin le {date}|dure {number} "
        "semaines|exclut les pièces d'usure].",
        "[Merci d'apporter|Veuillez présenter|Prière de joindre] [une pièce d'identité|le formulaire rempli|une "
        "photo du dommage|votre billet] [à l'accueil|avant le {date}|].",
        "[Cliquez|Appuyez] sur [Enregistrer|le bouton|Paramètres] [pour continuer|quand vous avez terminé|afin que "
        "la modification soit prise en compte].",
        "[L'appareil|La machine|La batterie] [pèse {number} grammes|dure {number} heures|atteint {number} "
        "degrés|possède deux ports].",
        "[Les salariés|Les nouveaux collègues|Tous] [disposent de {number} jours de congé|reçoivent un "
        "ordinateur|doivent prévenir avant dix heures|peuvent travailler chez eux].",
    ),
    "es": (
        "[El tren|El paquete|El pedido] [llega|sale] [mañana|el {number} de mayo].",
        "[Gracias por su compra|Un saludo|Atentamente].",
        "[Rogamos|Por favor,] [no responda a este correo|conserve el recibo|revise sus datos].",
        "La [ciudad|iglesia] fue fundada en {number}.",
        "[La sucursal|Nuestra tienda|El museo|La biblioteca] [cierra los domingos|abre de {number} a "
        "{number}|permanece cerrada hasta el {date} por obras].",
        "[El cliente|La señora {name}|La inquilina|El señor {name}] [devolvió el artículo|pide que le llamen|está de "
        "baja desde el {date}|paga {money} al mes|quiere cambiar el aparato].",
        "[La garantía|El contrato|La oferta|El plazo] [dura {number} meses|termina el {date}|es de {number} "
        "semanas|no cubre el desgaste].",
        "[Por favor, traiga|Presente|Adjunte] [su documento de identidad|el formulario|una foto del daño|la entrada] "
        "[en recepción|antes del {date}|].",
        "[Haga clic|Pulse] en [Guardar|el botón|Ajustes] [para continuar|cuando termine|para que el cambio surta "
        "efecto].",
        "[El aparato|La máquina|La batería] [pesa {number} gramos|dura {number} horas|alcanza {number} grados|tiene "
        "dos puertos].",
        "[Los empleados|Los nuevos compañeros|Todos] [tienen {number} días de vacaciones|reciben un portátil|deben "
        "avisar antes de las diez|pueden trabajar desde casa].",
    ),
    "it": (
        "[Il treno|Il pacco] arriva [domani|il {number} maggio].",
        "[Grazie per l'acquisto|Cordiali saluti].",
        "[La filiale|Il nostro negozio|Il museo|La biblioteca] [è chiusa la domenica|apre dalle {number} alle "
        "{number}|resta chiusa fino al {date} per lavori].",
        "[Il cliente|La signora {name}|L'inquilina|Il signor {name}] [ha restituito l'articolo|chiede di essere "
        "richiamato|è in malattia dal {date}|paga {money} al mese].",
        "[La garanzia|Il contratto|L'offerta|Il preavviso] [vale {number} mesi|scade il {date}|è di {number} "
        "settimane|non copre l'usura].",
        "[Si prega di portare|Presenti|Alleghi] [un documento|il modulo|una foto del danno] [alla reception|entro il "
        "{date}|].",
        "[Fare clic|Premere] su [Salva|il pulsante|Impostazioni] [per continuare|al termine|per applicare la "
        "modifica].",
        "[L'apparecchio|La macchina|La batteria] [pesa {number} grammi|dura {number} ore|ha due porte].",
        "[I dipendenti|I nuovi colleghi|Tutti] [hanno {number} giorni di ferie|ricevono un portatile|possono "
        "lavorare da casa].",
    ),
    "pt": (
        "[O trem|O pacote] chega [amanhã|no dia {number}].",
        "Obrigado pela sua compra.",
        "[A agência|Nossa loja|O museu|A biblioteca] [fecha aos domingos|abre das {number} às {number}|está fechada "
        "até {date} para obras].",
        "[O cliente|A senhora {name}|A inquilina|O senhor {name}] [devolveu o produto|pede um retorno|está doente "
        "desde {date}|paga {money} por mês|quer trocar o aparelho].",
        "[A garantia|O contrato|A oferta|O prazo] [vale por {number} meses|termina em {date}|é de {number} "
        "semanas|não cobre o desgaste].",
        "[Por favor, traga|Apresente|Anexe] [o documento|o formulário|uma foto do dano] [na recepção|até {date}|].",
        "[Clique|Toque] em [Salvar|Configurações|Avançar] [para continuar|ao terminar|para aplicar a mudança].",
        "[O aparelho|A máquina|A bateria] [pesa {number} gramas|dura {number} horas|tem duas entradas].",
        "[Os funcionários|Todos] [têm {number} dias de férias|recebem um notebook|podem trabalhar de casa].",
    ),
    "nl": (
        "Bedankt voor uw bestelling.",
        "[Het filiaal|Onze winkel|Het museum|De bibliotheek] [is zondag dicht|is open van {number} tot {number} "
        "uur|blijft tot {date} gesloten wegens verbouwing].",
        "[De klant|Mevrouw {name}|De huurder] [stuurde het artikel terug|vraagt om teruggebeld te worden|is ziek "
        "sinds {date}|betaalt {money} per maand].",
        "[De garantie|Het aanbod|De opzegtermijn] [geldt {number} maanden|eindigt op {date}|is {number} weken].",
        "[Neem|Breng] [uw legitimatie|het formulier|een foto van de schade] mee[ naar de balie| voor {date}|].",
        "[Klik|Druk] op [Opslaan|de knop|Instellingen] [om door te gaan|als u klaar bent].",
        "[Het apparaat|De accu] [weegt {number} gram|gaat {number} uur mee].",
        "[Medewerkers|Nieuwe collega's] [hebben {number} vakantiedagen|krijgen een laptop|mogen thuiswerken].",
    ),
    "sv": (
        "Tack för din beställning.",
        "[Butiken|Museet|Biblioteket] [har stängt på söndagar|öppnar klockan {number}|är stängt till {date}].",
        "[Kunden|{name}] [skickade tillbaka varan|vill bli uppringd|är sjuk sedan {date}|betalar {money} i månaden].",
        "[Garantin|Avtalet|Erbjudandet] [gäller i {number} månader|slutar den {date}].",
        "[Ta med|Visa] [legitimation|blanketten|biljetten] [i receptionen|före {date}|].",
        "[Klicka|Tryck] på [Spara|knappen|Inställningar] [för att fortsätta|när du är klar].",
        "[Apparaten|Batteriet] [väger {number} gram|räcker i {number} timmar].",
        "[De anställda|Nya kolleger] [har {number} semesterdagar|får en dator|får arbeta hemma].",
    ),
    "pl": (
        "Dziękujemy za zakupy.",
        "[Oddział|Nasz sklep|Muzeum|Biblioteka] [jest w niedzielę zamknięte|czynne od {number} do {number}|będzie "
        "zamknięte do {date}].",
        "[Klient|Pani {name}|Najemca] [odesłał towar|prosi o telefon|choruje od {date}|płaci {money} miesięcznie].",
        "[Gwarancja|Umowa|Oferta] [obowiązuje {number} miesięcy|kończy się {date}|nie obejmuje zużycia].",
        "[Prosimy przynieść|Proszę okazać|Należy dołączyć] [dowód osobisty|formularz|zdjęcie szkody] [w recepcji|do "
        "{date}|].",
        "[Kliknij|Naciśnij] [Zapisz|przycisk|Ustawienia], aby [kontynuować|zastosować zmianę].",
        "[Urządzenie|Bateria] [waży {number} gramów|działa {number} godzin].",
        "[Pracownicy|Nowi koledzy] [mają {number} dni urlopu|otrzymują laptop|mogą pracować w domu].",
    ),
    "ru": (
        "[Поезд|Заказ] [прибудет|отправлен] [завтра|{number} мая].",
        "Спасибо за покупку.",
        "Город основан в {number} году.",
        "[Филиал|Наш магазин|Музей|Библиотека] [закрыт по воскресеньям|открыт с {number} до {number}|не работает до "
        "{date}].",
        "[Клиент|Госпожа {name}|Жилец] [вернул товар|просит перезвонить|болеет с {date}|платит {money} в месяц].",
        "[Гарантия|Договор|Предложение] [действует {number} месяцев|заканчивается {date}|не покрывает износ].",
        "[Просим принести|Предъявите|Приложите] [паспорт|анкету|фотографию повреждения] [на входе|до {date}|].",
        "[Нажмите|Щёлкните] [кнопку «Сохранить»|«Настройки»|клавишу], чтобы [продолжить|применить изменения].",
        "[Прибор|Аккумулятор] [весит {number} граммов|работает {number} часов].",
        "[Сотрудники|Новые коллеги] [имеют {number} дней отпуска|получают ноутбук|могут работать дома].",
    ),
    "zh": (
        "[列车|包裹|订单][明天到达|已经发货|在路上]。",
        "感谢您的购买。",
        "该市有{number}人。",
        "[分店|本馆|图书馆][周日休息|{number}点开门|因装修关闭至{date}]。",
        "[客户|{name}女士][退回了商品|希望回电|每月支付{money}|自{date}起病假]。",
        "[保修|合同|优惠][有效期{number}个月|于{date}到期|不包括磨损]。",
        "请[携带身份证|填写表格|在前台出示门票|在{date}前提交申请]。",
        "[点击|按下][保存|按钮|设置][以继续|即可生效]。",
        "[设备|电池][重{number}克|可用{number}小时]。",
        "员工[有{number}天年假|可以在家工作]。",
    ),
    "ja": (
        "[電車|荷物]は[明日|{number}日]に着きます。",
        "ご注文ありがとうございます。",
        "[支店|美術館|図書館]は[日曜日は休みです|{number}時に開きます|{date}まで閉まっています]。",
        "[お客様|{name}様]は[商品を返品しました|折り返しの電話を希望しています|月に{money}払っています]。",
        "[保証|契約]は[{number}か月有効です|{date}に終わります]。",
        "[身分証|申込書|切符]を[お持ちください|受付でお見せください|{date}までにご提出ください]。",
        "続けるには[保存|ボタン|設定]を[クリックします|押してください]。",
        "[機器|電池]は[{number}グラムです|{number}時間もちます]。",
        "社員の休暇は{number}日です。",
    ),
    "ko": (
        "[기차|택배]는 내일 도착합니다.",
        "구매해 주셔서 감사합니다.",
        "[지점|박물관|도서관]은 [일요일에 쉽니다|{number}시에 엽니다|{date}까지 문을 닫습니다].",
        "[고객|{name} 님]이 [상품을 반품했습니다|전화를 요청했습니다|매달 {money}를 냅니다].",
        "[보증|계약]은 [{number}개월간 유효합니다|{date}에 끝납니다].",
        "[신분증|신청서]을 [지참해 주세요|{date}까지 제출해 주세요].",
        "계속하려면 [저장|버튼]을 클릭하세요.",
        "직원 휴가는 {number}일입니다.",
    ),
    "ar": (
        "شكرا لشرائك.",
        "وصل القطار [صباح اليوم|غدا].",
        "[الفرع|المتحف|المكتبة] [مغلق يوم الجمعة|يفتح في الساعة {number}|مغلق حتى {date}].",
        "[العميل|السيدة {name}] [أعاد المنتج|يطلب الاتصال به|يدفع {money} شهريا].",
        "[الضمان|العقد] [ساري لمدة {number} شهرا|ينتهي في {date}].",
        "يرجى [إحضار الهوية|ملء النموذج|إبراز التذكرة عند المدخل].",
        "انقر على [حفظ|الزر] للمتابعة.",
    ),
    "hi": (
        "आपकी खरीद के लिए धन्यवाद।",
        "ट्रेन कल आएगी।",
        "[शाखा|संग्रहालय|पुस्तकालय] [रविवार को बंद रहता है|{number} बजे खुलता है]।",
        "[ग्राहक|{name}] ने [सामान लौटा दिया|वापस कॉल करने को कहा]।",
        "[वारंटी|अनुबंध] [{number} महीने तक मान्य है|{date} को समाप्त होता है]।",
        "कृपया [पहचान पत्र लाएँ|फ़ॉर्म भरें|टिकट दिखाएँ]।",
        "जारी रखने के लिए [सहेजें|बटन] पर क्लिक करें।",
    ),
    "id": (
        "Terima kasih atas pesanan Anda.",
        "[Cabang|Toko kami|Museum|Perpustakaan] [tutup pada hari Minggu|buka pukul {number}|tutup sampai {date}].",
        "[Pelanggan|Ibu {name}] [mengembalikan barang|minta ditelepon|membayar {money} per bulan].",
        "[Garansi|Kontrak] [berlaku {number} bulan|berakhir {date}].",
        "Mohon [membawa kartu identitas|mengisi formulir|menunjukkan tiket di pintu masuk].",
        "[Klik|Tekan] [Simpan|tombol] untuk melanjutkan.",
        "Karyawan mendapat {number} hari cuti.",
    ),
    "vi": (
        "Cảm ơn bạn đã mua hàng.",
        "[Chi nhánh|Bảo tàng|Thư viện] [đóng cửa vào Chủ nhật|mở cửa lúc {number} giờ].",
        "[Khách hàng|Bà {name}] [đã trả lại hàng|muốn được gọi lại].",
        "[Bảo hành|Hợp đồng] có hiệu lực {number} tháng.",
        "Vui lòng [mang theo giấy tờ|điền vào mẫu|xuất trình vé].",
        "Nhấp vào [Lưu|nút] để tiếp tục.",
    ),
    "tr": (
        "Siparişiniz için teşekkürler.",
        "[Şube|Mağazamız|Müze|Kütüphane] [pazar günleri kapalıdır|{number} ile {number} arası açıktır|{date} "
        "tarihine kadar kapalıdır].",
        "[Müşteri|{name} Hanım] [ürünü geri gönderdi|aranmak istiyor|ayda {money} ödüyor].",
        "[Garanti|Sözleşme] [{number} ay geçerlidir|{date} tarihinde sona erer].",
        "Lütfen [kimliğinizi|formu|biletinizi] [yanınızda getirin|girişte gösterin].",
        "Devam etmek için [Kaydet|düğmeye] tıklayın.",
        "Çalışanların {number} gün izni vardır.",
        "Tren yarın gelecek.",
    ),
    "da": (
        "[Butikken|Museet|Biblioteket] [holder lukket om søndagen|åbner klokken {number}|er lukket til {date}].",
        "[Kunden|{name}] [sendte varen tilbage|vil gerne ringes op|betaler {money} om måneden].",
        "[Garantien|Aftalen|Tilbuddet] [gælder i {number} måneder|udløber den {date}].",
        "[Medbring|Vis] [legitimation|formularen|billetten] [i receptionen|inden {date}|].",
        "[Klik|Tryk] på [Gem|knappen|Indstillinger] for at fortsætte.",
        "De ansatte [har {number} feriedage|må arbejde hjemme].",
    ),
    "nb": (
        "[Butikken|Museet|Biblioteket] [er stengt på søndager|åpner klokken {number}|er stengt til {date}].",
        "[Kunden|{name}] [sendte varen i retur|vil bli oppringt|betaler {money} i måneden].",
        "[Garantien|Avtalen|Tilbudet] [gjelder i {number} måneder|utløper {date}].",
        "[Ta med|Vis] [legitimasjon|skjemaet|billetten] [i resepsjonen|innen {date}|].",
        "[Klikk|Trykk] på [Lagre|knappen|Innstillinger] for å fortsette.",
        "De ansatte [har {number} feriedager|kan jobbe hjemme].",
    ),
    "cs": (
        "[Pobočka|Naše prodejna|Muzeum|Knihovna] [má v neděli zavřeno|otevírá v {number} hodin|je zavřená do {date}].",
        "[Zákazník|Paní {name}] [vrátil zboží|žádá o zavolání|platí {money} měsíčně].",
        "[Záruka|Smlouva|Nabídka] [platí {number} měsíců|končí {date}].",
        "[Přineste|Předložte] [průkaz|formulář|fotografii škody] [na recepci|do {date}|].",
        "[Klikněte|Stiskněte] [Uložit|tlačítko|Nastavení] pro pokračování.",
        "Zaměstnanci [mají {number} dní dovolené|smějí pracovat z domova].",
        "Vlak přijede [zítra|{date}]. ",
    ),
    "uk": (
        "[Магазин|Музей|Бібліотека] [зачинено в неділю|відчинено з {number} до {number}].",
        "[Клієнт|Пані {name}] [повернув товар|просить передзвонити|платить {money} на місяць].",
        "[Гарантія|Угода] [діє {number} місяців|закінчується {date}].",
        "[Принесіть|Покажіть] [паспорт|бланк] [на вході|до {date}|].",
        "Натисніть [«Зберегти»|кнопку], щоб продовжити.",
        "Дякуємо за покупку.",
        "Поїзд прибуде завтра.",
    ),
    "el": (
        "[Το κατάστημα|Το μουσείο|Η βιβλιοθήκη] [είναι κλειστό την Κυριακή|ανοίγει στις {number}].",
        "[Ο πελάτης|Η κυρία {name}] [επέστρεψε το προϊόν|ζητά να τον καλέσουν].",
        "[Η εγγύηση|Η σύμβαση] [ισχύει {number} μήνες|λήγει στις {date}].",
        "Παρακαλούμε [φέρτε ταυτότητα|συμπληρώστε το έντυπο|δείξτε το εισιτήριο].",
        "Κάντε κλικ στο [Αποθήκευση|κουμπί] για να συνεχίσετε.",
        "Ευχαριστούμε για την αγορά σας.",
    ),
    "ro": (
        "[Sucursala|Magazinul nostru|Muzeul] [este închis duminica|se deschide la ora {number}].",
        "[Clientul|Doamna {name}] [a returnat produsul|cere să fie sunat|plătește {money} pe lună].",
        "[Garanția|Contractul] [este valabil {number} luni|expiră la {date}].",
        "Vă rugăm să [aduceți actul de identitate|completați formularul|arătați biletul].",
        "Faceți clic pe [Salvare|buton] pentru a continua.",
        "Vă mulțumim pentru comandă.",
        "Trenul sosește mâine.",
    ),
    "hu": (
        "[A fiók|Az üzletünk|A múzeum] [vasárnap zárva tart|{number} órakor nyit].",
        "[Az ügyfél|{name}] [visszaküldte az árut|visszahívást kér|havi {money} összeget fizet].",
        "[A jótállás|A szerződés] [{number} hónapig érvényes|{date} napján lejár].",
        "Kérjük, [hozza magával az igazolványát|töltse ki az űrlapot|mutassa fel a jegyét].",
        "Kattintson a [Mentés|gombra] a folytatáshoz.",
        "Köszönjük a vásárlást.",
        "A vonat holnap érkezik.",
    ),
    "fi": (
        "[Myymälä|Museo|Kirjasto] [on suljettu sunnuntaisin|avataan kello {number}].",
        "[Asiakas|{name}] [palautti tuotteen|pyytää soittamaan|maksaa {money} kuussa].",
        "[Takuu|Sopimus] [on voimassa {number} kuukautta|päättyy {date}].",
        "[Ottakaa mukaan|Näyttäkää] [henkilötodistus|lomake|lippu] [vastaanotossa|{date} mennessä|].",
        "Jatka napsauttamalla [Tallenna|painiketta].",
        "Kiitos tilauksesta.",
        "Juna saapuu huomenna.",
    ),
}  # fmt: skip
# Titles and names as tables hold them.
TITLES = (
    "[Dil|Pyar|Kabhi|Ek|Mera|Jab|Hum] [Ka|Tum|Se|Ki|Na] [Rishta|Jahan|Kahani|Saath|Raat|Dost]",
    "[La|Le|El|Il|Der|Die|O|Das] [casa|nuit|mar|sogno|Wald|Stadt|caminho|Boot|bella|vie|sombra] [de|du|del|am|da|e|"
    "et] [{name}|papel|matin|sole|See|noite|moi]",
    "[Amor|Kyoto|Nattens|Zimowy|Лето|Весна|Гроза|晩秋|春の雪|大地|서울|فجر] [{number}|barn|dzień|в "
    "деревне|物語|之歌|의 봄|]",
    "[Anong|Suda|Budi|Siti|Nguyen|Tran|Somchai|Putu|Widodo|Linh|Kasem|Dewi|Arjun|Fatima] [Sukhum|Hartono|Rattana|"
    "Wijaya|Thi Hoa|Van An|Pradit|Santoso|Iyer|al-Amin][ Chai| Lestari|]",
    "[Björn|Jörg|Łukasz|Zoë|José|Åsa|Çelik|Dvořák|Müller|Nuñez] [Lindqvist|Kowalski|García|Øster|Yılmaz|"
    "Novák|Weiß|Peña]",
    "\"[Don't|Please Don't|Let's|Never|Come On,|Why|Where|How|Can You|Are You|Who Is|What] [Stop|Dance|Go Home|"
    "Tell Me|Say Goodbye|the Stranger|Afraid|Love|the Last Knight|Feel It][?|!|]\"",
    "[Kiss|Catch|Follow|Remember|Take|Meet|Save|Forget|Call|Write] [Me|the Sun|Paris|the Titans|My Heart|Tomorrow|"
    "the Rain][!| (film)| II|]",
)  # fmt: skip
