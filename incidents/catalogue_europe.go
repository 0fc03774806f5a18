package incidents

// europeRegimes are the special laws of the European Union and the United Kingdom.
var europeRegimes = options(
	"nis2", "NIS2 essential or important entity",
	"trust_services_eu", "Trust service provider in the EU (eIDAS)",
	"dora", "Financial entity under DORA",
	"psd2", "Payment service provider in the EU (PSD2)",
	"telecom_eu", "Provider of public electronic communications in the EU",
	"cra", "Maker of products with digital elements (Cyber Resilience Act)",
	"ai_high_risk", "Provider or deployer of a high-risk AI system (AI Act)",
	"ai_gpai", "Provider of a general-purpose AI model with systemic risk (AI Act)",
	"cer", "Critical entity (CER Directive)",
	"led", "Law-enforcement authority of an EU state",
	"eu_institution", "Institution, body or agency of the European Union",
	"telecom_uk", "Provider of a public network or service in the UK",
	"uk_nis_oes", "Operator of essential services in the UK",
	"uk_nis_rdsp", "Relevant digital service provider in the UK",
	"uk_nis_new", "Data centre, managed service provider or critical supplier in the UK",
	"trust_services_uk", "Trust service provider in the UK",
	"uk_financial", "Authorised financial firm in the UK",
	"uk_law_enforcement", "Competent authority for law enforcement in the UK",
	"uk_intelligence", "Intelligence service of the UK",
)

// europeFacts are what only laws of the European Union and the United Kingdom ask.
var europeFacts = []FactDef{
	{"significant_incident", "europe", FactTri, "Is the incident significant or severe, as the law we are under defines it?", "NIS2, CER, UK NIS: a severe disruption, loss or damage, caused or possible. Trust services, telecoms: a significant effect on the service. Finance in the UK: material.", nil},
	{"significant_at", "europe", FactTime, "When did we become aware that it is significant, or that a vulnerability is exploited?", "Starts the 24 and 72 hours; the detection counts when this is not known.", nil},
	{"significant_ongoing", "europe", FactTri, "Was the incident still going on when its final report was due?", "NIS2: then a progress report, and the final report a month after the end.", nil},
	{"users_affected", "europe", FactTri, "Is it likely to harm those who use our service?", "NIS2 and trust services: the users. DORA: the financial interests of clients.", nil},
	{"authority_orders", "europe", FactMulti, "What has an authority asked of us?", "", options("interim_report", "An intermediate report", "publication", "Informing the public")},
	{"authority_ordered_at", "europe", FactTime, "When did the authority ask?", "", nil},
	{"dora_major", "europe", FactTri, "Is it a major ICT-related incident under DORA?", "Delegated Regulation (EU) 2024/1772.", nil},
	{"dora_classified_at", "europe", FactTime, "When was it classified as major under DORA?", "Starts the 4 hours.", nil},
	{"dora_updated_at", "europe", FactTime, "When was the intermediate report under DORA last updated?", "Starts the month of the final report anew.", nil},
	{"recovered_at", "europe", FactTime, "When were regular activities back?", "", nil},
	{"cra_event", "europe", FactMulti, "What happened to our product with digital elements?", "Cyber Resilience Act Art. 14.", options("none", "Nothing of this kind", "exploited_vulnerability", "A vulnerability is actively exploited", "severe_incident", "A severe incident affects its security")},
	{"fix_available_at", "europe", FactTime, "When was a correction or mitigation of the vulnerability available?", "Starts the 14 days.", nil},
	{"ai_serious_incident", "europe", FactChoice, "Is it a serious incident of an AI system or model?", "AI Act Art. 3(49).", options("none", "No", "widespread", "A widespread infringement, or critical infrastructure disrupted", "death", "A person died", "other", "Another serious incident")},
}
