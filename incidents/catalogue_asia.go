package incidents

// asiaRegimes are the special laws of Asia and the Pacific.
var asiaRegimes = options(
	"cn_miit", "China: handler of industrial, telecom or radio data (MIIT)",
	"cn_nfra", "China: bank or insurer under the financial regulator (NFRA)",
	"cn_pboc", "China: business in the fields of the People's Bank",
	"hk_cap653", "Hong Kong: critical infrastructure operator (Cap. 653)",
	"mo_critical", "Macao: critical infrastructure operator (Law 13/2019)",
	"tw_fsc", "Taiwan: designated by the Financial Supervisory Commission",
	"tw_moda", "Taiwan: digital economy business under the Ministry of Digital Affairs",
	"tw_csma", "Taiwan: specific non-government agency (Cyber Security Management Act)",
	"kr_online", "Korea: information and communications service provider",
	"sg_cii", "Singapore: owner of critical information infrastructure",
	"au_listed_class", "Australia: in a class the Privacy Act covers whatever the turnover",
	"au_soci", "Australia: responsible for a critical infrastructure asset (SOCI Act)",
	"au_apra", "Australia: regulated by APRA",
	"in_rbi", "India: bank under the Reserve Bank",
	"vn_network", "Viet Nam: information system there, or a regulated online service",
)

// asiaFacts are what only laws of Asia and the Pacific ask.
var asiaFacts = []FactDef{
	{"cyber_incident", "asia", FactTri, "Does it endanger networks or computer systems, with or without personal data?", "An attack, an intrusion, malware, or the failure of a system.", nil},
	{"external_intrusion", "asia", FactTri, "Did someone outside get into our systems without right?", "Korea, Indonesia.", nil},
	{"core_service_disrupted", "asia", FactTri, "Is a core function or an essential service seriously disrupted, or likely to be?", "Hong Kong, Indonesia.", nil},
	{"public_danger", "asia", FactTri, "Does it endanger national security, public services or another public interest?", "China, Indonesia, Viet Nam.", nil},
	{"product_flaw", "asia", FactTri, "Is it a security flaw in a network product or service that we provide?", "China; it is about the flaw, not about a leak.", nil},
	{"cn_industry_grade", "asia", FactChoice, "Which grade has the incident under the Chinese plan for industry (MIIT)?", "Worked out from the figures when left unknown; they never clear it.", options("general", "General", "larger", "Relatively large", "major", "Major", "particularly_major", "Particularly major")},
	{"cn_own_grade", "asia", FactChoice, "Which grade has the incident under our own Chinese scheme?", "GB/T 20986-2023, or the scheme of a financial institution: importance of the system, loss to the business, harm to society.", options("general", "General", "larger", "Relatively large", "major", "Major", "particularly_major", "Particularly major")},
	{"law_violated", "asia", FactTri, "Did a violation of the data protection law cause it?", "Taiwan, the text in force.", nil},
	{"tw_major_incident", "asia", FactTri, "Does it endanger our normal operation or the rights of many people?", "Taiwan, the rules of the financial and the digital authority.", nil},
	{"system_records", "asia", FactCount, "How many records of persons does the system hold that was hit?", "Taiwan counts the system, not only what was touched.", nil},
	{"victims_unclear", "asia", FactTri, "Did someone get in without right, and it is not clear whose data is touched?", "Korea.", nil},
	{"data_traded", "asia", FactTri, "Are others trading data that is partly confirmed to be ours?", "Korea.", nil},
	{"further_fact_at", "asia", FactTime, "When was a further fact confirmed, or the level of the incident changed, after the first report?", "Korea and Taiwan, the reports to their cyber security authorities.", nil},
	{"au_turnover_over_3m", "asia", FactTri, "Is our annual turnover above AUD 3 million?", "Australia.", nil},
	{"ransom_learned_at", "asia", FactTime, "When did we learn that a ransom was paid on our behalf?", "Australia; leave it unknown when we paid ourselves.", nil},
	{"au_soci_impact", "asia", FactChoice, "Which impact has it on the critical infrastructure asset?", "SOCI Act.", options("none", "None that counts", "relevant", "A relevant impact", "significant", "A significant impact")},
	{"au_apra_event", "asia", FactChoice, "What is it under CPS 234?", "", options("none", "Neither", "incident", "A material information security incident", "weakness", "A material control weakness that cannot be fixed in time")},
	{"in_listed_type", "asia", FactTri, "Is it one of the 20 incident types that CERT-In lists?", "Annexure I; data breach and data leak are among them.", nil},
}
