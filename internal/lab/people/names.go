package people

import "strings"

var givenNames = strings.Fields(`Jan Pieter Sanne Zoë Daan Daniëlle Joëlle Noël René Renée Chloé
	André Thérèse Jürgen Loïs Anaïs Michaël Raphaël Désirée François Brontë Siân Danaë Mariëlle
	Gabriëlle Emiël Daniël Tarık Gülşen Şerife Ömer Özlem Łukasz Zuzanna Błażej Nguyệt Fleur Sophie
	Emma Lotte Bram Sem Lars Jeroen Wouter Ruben Femke Anouk Marijke Hendrik Willem-Alexander
	Anne-Marie Fatima Mohammed Youssef Naïma Aïcha IJsbrand Sjoerd Fenna Jildou Tjitske Siebrigje`)

// A surname is a prefix, which the Dutch leave out when they sort, and the name that they sort by.
var surnames = [][2]string{{"de", "Jong"}, {"", "Jansen"}, {"de", "Vries"}, {"van den", "Berg"}, {"van", "Dijk"},
	{"", "Bakker"}, {"", "Janssen"}, {"", "Visser"}, {"", "Smit"}, {"", "Meijer"}, {"de", "Boer"}, {"", "Mulder"},
	{"de", "Groot"}, {"", "Bos"}, {"", "Vos"}, {"", "Peters"}, {"", "Hendriks"}, {"van", "Leeuwen"}, {"", "Dekker"},
	{"", "Brouwer"}, {"de", "Wit"}, {"", "Dijkstra"}, {"van der", "Meer"}, {"van der", "Linden"}, {"", "Kok"},
	{"", "Jacobs"}, {"de", "Haan"}, {"", "Vermeulen"}, {"van den", "Heuvel"}, {"van der", "Veen"},
	{"van den", "Broek"}, {"de", "Bruijn"}, {"de", "Bruin"}, {"van der", "Heijden"}, {"", "Schouten"},
	{"in 't", "Veld"}, {"van 't", "Hof"}, {"'t", "Hart"}, {"ten", "Brink"}, {"ter", "Horst"}, {"op den", "Kamp"},
	{"van der", "Zee"}, {"", "Daniëls"}, {"", "Michiëls"}, {"", "Coëlho"}, {"", "Müller"}, {"", "Schröder"},
	{"", "Groß"}, {"", "Yılmaz"}, {"", "Öztürk"}, {"", "Şahin"}, {"", "Çelik"}, {"", "Núñez"}, {"", "García"},
	{"", "Nguyễn"}, {"", "Wójcik"}, {"", "Żółkiewski"}, {"", "El Amrani"}, {"", "Aït Ouali"}, {"", "d'Hondt"},
	{"", "IJzerman"}, {"", "Reünes"}, {"", "Jansen-de Vries"}, {"van", "Aarssen-Öberg"}, {"", "Lévêque"},
	{"", "O'Brien"}, {"", "Sørensen"}, {"", "Åkesson"}, {"van der", "Oude Lansinkhof-Wiedijk"}}

var departments = []string{"Inkoop", "Verkoop", "Financiën", "Personeelszaken", "ICT & Automatisering",
	"Juridische Zaken", "Communicatie", "Logistiek", "Productie", "Kwaliteit", "Onderzoek", "Klantenservice",
	"Facilitair", "Veiligheid", "Planning", "Coördinatie Zorg", "Crisis en Continuïteit", "Reïntegratie",
	"Geïntegreerde Ketens", "Vergunningen, Toezicht en Handhaving"}

var divisions = []string{"Bedrijfsvoering", "Uitvoering", "Beleid", "Coöperatie"}

var titles = []string{"Adviseur", "Medewerker", "Coördinator", "Teamleider", "Financieel analist",
	"Applicatiebeheerder", "Reïntegratieconsulent", "Jurist", "Inkoper", "Projectleider", "Data-analist", "Monteur",
	"Verpleegkundige", "Adviseur \"Groen & Grijs\""}

// A city has a name, a postal code and a street.
var cities = [][3]string{{"Utrecht", "3511 GH", "Oranjesingel"}, {"'s-Gravenhage", "2511 EF", "Van 't Hoffstraat"},
	{"Groningen", "9711 LM", "Coöperatiehof"}, {"Súdwest-Fryslân", "8601 TV", "Prins Bernhardplein"}}

var projects = []string{"Nieuw intranet", "Privacy & AVG", "Verhuizing", "Zaakgericht werken", "Één loket",
	"Ideeënbus", "Thuiswerken", "Energie = toekomst", "Ondernemingsraad", "BHV", "Fietsplan", "Kerstcommissie"}

var services = []string{"backup", "scan", "printer", "intranet", "monitoring", "telefonie", "zaal", "kassa"}

// fold gives name in lower-case ASCII letters and digits, for login names and mail addresses.
func fold(name string) string {
	const from = "àáâãäåçèéêëìíîïñòóôõöøùúûüýþßłżźćńśęąğışőűệễđ"
	const to = "aaaaaaceeeeiiiinoooooouuuuypslzzcnseagisoueed"
	f := []rune(from)
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		for i, c := range f {
			if r == c {
				r = rune(to[i])
				break
			}
		}
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return b.String()
}
