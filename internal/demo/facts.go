package demo

import (
	"time"

	"tocsin/incidents"
)

// facts is what the responder of the demonstration finds out.
func facts(now time.Time) map[string]any {
	aware := now.Add(-26 * time.Hour).Truncate(time.Minute)
	return map[string]any{
		"confidentiality": true, "integrity": false, "availability": false, "confidentiality_effect": "unknown_recipients", "suspected_only": false,
		"cause": "hacking", "malicious": true, "data_categories": []string{"basic", "network_identity", "property"},
		"data_items": []string{"name", "email", "phone", "address", "online_credentials", "bank_account"}, "identifiability": "maximum",
		"encrypted": false, "harm_prevented": false, "misuse_likely": true, "financial_loss_possible": true,
		"subject_categories": []string{"customers"}, "minors_under_14": false, "vulnerable_groups": false,
		"establishments": []string{"EEA", "UK", "CN", "US", "SG", "JP"}, "lead_authority": "DE", "us_business_states": "CA, NY",
		"role": "controller", "sectors": []string{"retail"}, "critical_infrastructure": false, "hipaa_role": "none", "unsecured_phi": false, "nydfs_covered": false,
		"law_enforcement_hold": false, "ransom_paid": false,
		"occurred_at": aware.Add(-9 * time.Hour), "detected_at": aware.Add(-1 * time.Hour), "aware_at": aware, "determined_at": aware.Add(2 * time.Hour), "contained_at": aware.Add(3 * time.Hour),
		"summary":          "An attacker used the credentials of a backup service account to copy the customer table and sent the copy to a server outside.",
		"affected_systems": "Customer database db-customers-01",
		"consequences":     "Copied data can be used for phishing and for attempts to sign in elsewhere or to debit accounts.",
		"measures_taken":   "The account was locked, the server was taken off the network, all sessions were ended and the police were told.",
		"measures_planned": "Service accounts get keys that expire, and the egress of the database network is closed.",
		"advice":           "Change your password here and wherever you used the same one. Look at your bank statements and tell your bank about debits you do not know.",
		"remedies":         "A telephone line in English and Chinese, and twelve months of account monitoring free of charge.",
		"root_cause":       "The password of the service account had not been changed for two years and was in an old backup.",
		"contact_name":     "Customer care", "contact_email": "care@example.com", "contact_phone": "+1 415 555 0100", "dpo_contact": "dpo@example.com",
	}
}

// values turns typed facts into changes.
func values(now time.Time) map[string]incidents.FactChange { return incidents.FactValues(facts(now)) }
