package incidents

import "slices"

func options(pairs ...string) []Option {
	out := make([]Option, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, Option{pairs[i], pairs[i+1]})
	}
	return out
}

// DataCategories are the 13 categories of personal information of GB/T
// 35273-2020, annex A.
var DataCategories = options(
	"basic", "Name, contact details and other basic information",
	"identity", "Identity documents and numbers",
	"biometric", "Biometric data",
	"network_identity", "Accounts, passwords and other network identity",
	"health", "Health and physiological data",
	"education_work", "Education and work",
	"property", "Property, bank, payment and transactions",
	"communication", "Content and records of communication",
	"contacts", "Contact lists",
	"internet_access", "Internet access history",
	"devices", "Devices",
	"location", "Location",
	"other", "Other, including sexual orientation, marriage, belief, criminal record",
)

// Catalogue lists every fact an incident can have. Rules may ask for no other.
var Catalogue = slices.Concat(commonFacts, europeFacts, usFacts, asiaFacts, worldFacts)

// Establishments are the places whose law asks whether we are established there.
var Establishments = options(
	"EEA", "European Economic Area", "UK", "United Kingdom", "US", "United States", "CN", "China (mainland)",
	"AE", "United Arab Emirates", "AE-DU", "Dubai: DIFC free zone", "AE-AZ", "Abu Dhabi: ADGM free zone", "AR", "Argentina", "AU", "Australia", "BH", "Bahrain",
	"BR", "Brazil", "CA", "Canada", "CH", "Switzerland", "CL", "Chile", "CO", "Colombia", "CR", "Costa Rica", "EC", "Ecuador", "EG", "Egypt", "GH", "Ghana",
	"HK", "Hong Kong", "ID", "Indonesia", "IL", "Israel", "IN", "India", "JP", "Japan", "KE", "Kenya", "KR", "Korea", "KZ", "Kazakhstan", "MA", "Morocco", "MO", "Macao",
	"MU", "Mauritius", "MX", "Mexico", "MY", "Malaysia", "NG", "Nigeria", "NZ", "New Zealand", "PA", "Panama", "PE", "Peru", "PH", "Philippines", "QA", "Qatar",
	"RS", "Serbia", "RU", "Russia", "SA", "Saudi Arabia", "SG", "Singapore", "TH", "Thailand", "TR", "Turkiye", "TW", "Taiwan", "UA", "Ukraine", "UY", "Uruguay",
	"VN", "Viet Nam", "ZA", "South Africa", "other", "Elsewhere",
)

// Regimes are special laws that reach only who falls under them.
var Regimes = slices.Concat(options("none", "None of these"), europeRegimes, usRegimes, asiaRegimes, worldRegimes)

// commonFacts are what most laws ask. It is one long table on purpose.
var commonFacts = []FactDef{
	// nature
	{"confidentiality", "nature", FactTri, "Was personal data disclosed or read by someone who may not?", "Access logs, egress volume, leak sites.", nil},
	{"integrity", "nature", FactTri, "Was personal data altered without right?", "", nil},
	{"availability", "nature", FactTri, "Was personal data lost or made unavailable?", "Ransomware, deletion, outage.", nil},
	{"confidentiality_effect", "nature", FactChoice, "Who could read it?", "", options("no_evidence", "Exposed, no evidence that anyone read it", "known_recipients", "Known recipients", "unknown_recipients", "An unknown number of recipients")},
	{"integrity_effect", "nature", FactChoice, "What became of altered data?", "", options("no_misuse", "Altered, no incorrect or illegal use found", "recoverable", "Possibly used wrongly, recoverable", "unrecoverable", "Possibly used wrongly, not recoverable")},
	{"availability_effect", "nature", FactChoice, "Can the data be restored?", "", options("easy", "Without difficulty, another copy exists", "temporary", "With some work, or by asking again", "full", "No")},
	{"suspected_only", "nature", FactTri, "Is the breach only suspected so far?", "", nil},
	// cause
	{"cause", "cause", FactChoice, "What caused it?", "", options("malware", "Malware", "ransomware", "Ransomware", "hacking", "Hacking", "social", "Phishing or other social engineering", "misuse", "Misuse by an insider", "error", "Human error", "physical", "Theft or physical access", "loss", "Loss of a device or of paper", "technical", "Technical failure", "supplier", "At a supplier", "other", "Other")},
	{"malicious", "cause", FactTri, "Was it done on purpose, to harm?", "", nil},
	{"ransom_paid", "cause", FactTri, "Was a ransom paid?", "", nil},
	// data
	{"data_categories", "data", FactMulti, "Which categories of personal data are touched?", "The 13 categories of GB/T 35273-2020.", DataCategories},
	{"data_items", "data", FactMulti, "Which items exactly?", "", options("name", "Name", "email", "E-mail address", "phone", "Telephone number", "address", "Postal address", "date_of_birth", "Date of birth", "national_id", "National identity number", "ssn", "US social security number", "tax_id", "Tax number", "passport", "Passport number", "drivers_license", "Driving licence number", "bank_account", "Bank account number", "payment_card", "Payment card number", "card_security_code", "Card security code or PIN", "online_credentials", "User name with password or security answer", "password_hash", "Password hashes", "medical", "Medical information", "health_insurance", "Health insurance number", "biometric", "Biometric template", "genetic", "Genetic data", "license_plate", "Number plate reader data", "location", "Location", "communications", "Messages", "transactions", "Transactions", "photo", "Picture", "military_id", "Military identity number", "tribal_id", "Tribal identity number", "student_id", "Student number", "voter_id", "Voter number", "employee_id", "Number given by an employer", "irs_pin", "US tax protection PIN", "mothers_maiden_name", "Mother's maiden name", "electronic_signature", "Electronic signature or private signing key", "security_token", "Security token or shared secret", "civil_certificate", "Birth or marriage certificate", "tax_records", "Tax returns and other tax information", "work_evaluation", "Evaluation of someone's work")},
	{"data_context", "data", FactChoice, "Does the context make the data weigh more or less?", "ENISA: volume per person, kind of controller, public or outdated data.", options("less_2", "Two steps less", "less_1", "One step less", "same", "Neither", "more_1", "One step more", "more_2", "Two steps more")},
	{"data_context_reason", "data", FactText, "Why does the context weigh more or less?", "", nil},
	{"identifiability", "data", FactChoice, "How easily can a person be identified from the data?", "ENISA ease of identification.", options("negligible", "Hardly", "limited", "With effort", "significant", "Easily with other sources", "maximum", "At once")},
	{"encrypted", "data", FactTri, "Was the data encrypted or otherwise unreadable?", "", nil},
	{"key_safe", "data", FactTri, "Did the key stay safe?", "Key service log.", nil},
	{"harm_prevented", "data", FactTri, "Have measures taken since made harm unlikely?", "GDPR Art. 34(3)(b), PIPL Art. 57(2).", nil},
	{"misuse_likely", "data", FactTri, "Is misuse of the data or harm to people likely?", "", nil},
	{"financial_loss_possible", "data", FactTri, "Can the data lead to loss of property by misuse?", "", nil},
	// people
	{"persons_total", "people", FactCount, "How many people are affected in all?", "", nil},
	{"persons_by_place", "people", FactPlaces, "Where do they live?", "Persons per country or state of residence; the import fills it.", nil},
	{"records_total", "people", FactCount, "How many data records are affected?", "", nil},
	{"subject_categories", "people", FactMulti, "Who are they?", "", options("customers", "Customers", "employees", "Employees", "patients", "Patients", "students", "Students", "minors", "Minors", "users", "Users of a service", "partners", "Partners' staff", "subscribers", "Subscribers")},
	{"minors_under_14", "people", FactTri, "Are children under 14 among them?", "", nil},
	{"vulnerable_groups", "people", FactTri, "Are other vulnerable people among them?", "", nil},
	{"sensitive_persons", "people", FactCount, "For how many of them is sensitive data touched?", "", nil},
	// place and role
	{"establishments", "place", FactMulti, "Where is our organisation established?", "", Establishments},
	{"lead_authority", "place", FactText, "Which EEA state is our lead supervisory authority in?", "Two letters, for example DE; empty without an EEA establishment.", nil},
	{"us_business_states", "place", FactText, "In which US states do we do business?", "Codes separated by commas.", nil},
	{"role", "role", FactChoice, "Are we the controller or a processor?", "", options("controller", "Controller", "processor", "Processor", "joint", "Joint controller")},
	{"sectors", "role", FactMulti, "Which sectors are we in?", "", options("general", "None of these", "finance", "Finance", "health", "Health care", "telecom", "Telecommunications", "industry", "Industry", "energy", "Energy", "transport", "Transport", "government", "Public sector", "education", "Education", "retail", "Retail", "digital", "Digital services")},
	{"regimes", "role", FactMulti, "Which special regimes are we under?", "Each has duties of its own, beside the general law.", Regimes},
	{"critical_infrastructure", "role", FactTri, "Are we an operator of critical information infrastructure?", "", nil},
	{"hipaa_role", "role", FactChoice, "What are we under HIPAA?", "", options("none", "Not covered", "covered_entity", "Covered entity", "business_associate", "Business associate")},
	{"unsecured_phi", "role", FactTri, "Is unsecured protected health information touched?", "45 CFR 164.402.", nil},
	{"phi_low_probability", "role", FactTri, "Does the four-factor assessment show a low probability of compromise?", "45 CFR 164.402(2).", nil},
	{"nydfs_covered", "role", FactTri, "Do we operate under New York banking, insurance or financial services law?", "23 NYCRR 500.", nil},
	{"cn_grade", "role", FactChoice, "Which grade has the incident under the Chinese measures?", "CAC 2025; worked out from the figures when left unknown.", options("general", "General", "larger", "Relatively large", "major", "Major", "particularly_major", "Particularly major")},
	{"direct_economic_loss_cny", "role", FactCount, "What is the direct economic loss, in yuan?", "", nil},
	{"service_outage_minutes", "role", FactCount, "For how many minutes was a service down?", "", nil},
	{"law_enforcement_hold", "role", FactTri, "Has an authority asked us to delay telling people?", "", nil},
	{"law_enforcement_hold_basis", "role", FactChoice, "On what basis has the authority asked?", "It says how the delay ends. HIPAA: a written statement holds for the time stated, an oral one for at most 30 days.", options("written", "A written statement that says until when", "oral", "By word of mouth: at most 30 days", "until_lifted", "Until the authority lifts it, whatever the date")},
	{"law_enforcement_hold_at", "role", FactTime, "When did the authority ask?", "An oral request counts from here.", nil},
	{"law_enforcement_hold_until", "role", FactTime, "Until when has the authority asked us to wait?", "The team is told 72 hours, 24 hours and an hour before.", nil},
	{"direct_notice_hard", "measures", FactTri, "Would telling each person take disproportionate effort, or is it not possible?", "Yes asks for a substitute notice where a law knows one; no says that each is told directly.", nil},
	{"direct_notice_cost_usd", "measures", FactCount, "What would telling each person cost, in whole US dollars?", "Some states allow a substitute notice above an amount.", nil},
	// times
	{"occurred_at", "times", FactTime, "When did it happen, or begin?", "", nil},
	{"ended_at", "times", FactTime, "When did it end?", "", nil},
	{"detected_at", "times", FactTime, "When was it detected?", "", nil},
	{"aware_at", "times", FactTime, "When did we become aware that personal data is touched?", "GDPR: reasonable certainty.", nil},
	{"determined_at", "times", FactTime, "When did we determine that it must be notified?", "", nil},
	{"contained_at", "times", FactTime, "When was it contained?", "", nil},
	{"handled_at", "times", FactTime, "When was the handling finished?", "Starts the final reports.", nil},
	{"ransom_paid_at", "times", FactTime, "When was a ransom paid?", "", nil},
	// measures, words and contact
	{"summary", "measures", FactText, "What happened, in two or three sentences?", "Used in reports and drafts.", nil},
	{"affected_systems", "measures", FactText, "Which systems are affected?", "", nil},
	{"consequences", "measures", FactText, "What can it mean for the people?", "", nil},
	{"measures_taken", "measures", FactText, "What have we done?", "", nil},
	{"measures_planned", "measures", FactText, "What will we do?", "", nil},
	{"advice", "measures", FactText, "What can people do themselves?", "", nil},
	{"remedies", "measures", FactText, "What do we offer?", "Credit monitoring, hotline, compensation.", nil},
	{"delay_reasons", "measures", FactText, "If late: why?", "", nil},
	{"root_cause", "measures", FactText, "What was the root cause?", "", nil},
	{"lessons", "measures", FactText, "What do we change for good?", "", nil},
	{"controller_name", "contact", FactText, "What is the organisation's legal name?", "Filled from the settings.", nil},
	{"contact_name", "contact", FactText, "Who answers questions?", "", nil},
	{"contact_email", "contact", FactText, "At which e-mail address?", "", nil},
	{"contact_phone", "contact", FactText, "At which telephone number?", "", nil},
	{"dpo_contact", "contact", FactText, "How is the data protection officer reached?", "", nil},
}
