package regulators

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// someFacts is what is known in the first hours.
func someFacts(t testing.TB) incidents.Facts {
	return knownFacts(t, map[string]any{
		"confidentiality": true, "integrity": false,
		"cause": "ransomware", "data_categories": []string{"basic", "network_identity", "property"},
		"establishments": []string{"EEA", "CN"}, "lead_authority": "DE",
		"aware_at": "2026-11-20T09:00:00Z", "detected_at": "2026-11-20T07:15:00Z",
		"summary":         "An attacker used a stolen administrator account and copied the customer table of the web shop.\nThe copy was offered for sale.",
		"controller_name": "Nordlicht Versand GmbH", "contact_name": "Ina Beispiel", "contact_email": "privacy@nordlicht.example",
		"consequences": "Phishing in our name; attempts to sign in elsewhere with the same password.",
	})
}

// allFacts answers every question of the catalogue.
func allFacts(t testing.TB) incidents.Facts {
	values := map[string]any{}
	for _, d := range incidents.Catalogue {
		switch d.Type {
		case incidents.FactTri:
			values[d.Key] = true
		case incidents.FactChoice:
			values[d.Key] = d.Options[len(d.Options)-1].Value
		case incidents.FactMulti:
			var all []string
			for _, o := range d.Options {
				all = append(all, o.Value)
			}
			values[d.Key] = all
		case incidents.FactCount:
			values[d.Key] = 1234567
		case incidents.FactPlaces:
			values[d.Key] = map[string]int64{"DE": 1100000, "FR": 120000, "CN": 14000, "US-CA": 560, "GB": 7}
		case incidents.FactTime:
			values[d.Key] = time.Date(2026, 11, 20, 9, len(d.Key), 0, 0, time.UTC).Format(time.RFC3339)
		case incidents.FactText:
			values[d.Key] = "Text of " + d.Key + ": 已重置全部受影响账户的密码，并关闭了被利用的接口；we also told the hosting provider to keep every log of the last ninety days."
		}
	}
	values["cause"], values["lead_authority"], values["cn_grade"] = "ransomware", "DE", "larger"
	values["controller_name"], values["contact_name"] = "Nordlicht Versand GmbH", "Ina Beispiel"
	values["contact_email"], values["contact_phone"] = "privacy@nordlicht.example", "+49 30 901820"
	values["us_business_states"] = "CA,NY"
	return knownFacts(t, values)
}
