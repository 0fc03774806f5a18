package incidents

// usRegimes are the special laws of the United States.
var usRegimes = options(
	"phr_vendor", "Vendor of personal health records in the US, or related entity",
	"glba_ftc", "Financial institution under the FTC Safeguards Rule",
	"sec_registrant", "Company that reports to the SEC",
	"reg_sp", "US broker-dealer, investment company, registered adviser or transfer agent",
	"reg_sp_provider", "Service provider of such a firm",
	"us_bank", "US banking organisation",
	"us_bank_provider", "Service provider of US banking organisations",
	"ncua", "Federally insured credit union in the US",
	"fcc_carrier", "US carrier, interconnected VoIP or relay service",
	"circia", "US critical infrastructure (CIRCIA)",
	"dfars", "Contractor of the US Department of Defense",
	"tsa", "US pipeline, rail or aviation under TSA directives",
	"uscg", "Vessel or facility under US Coast Guard rules",
	"title_iv", "School or servicer in US federal student aid",
	"us_agency", "US federal agency",
	"irs_1075", "Recipient of US federal tax information",
	"nerc", "US bulk electric system (NERC CIP)",
	"naic", "Insurance licensee in a US state with the NAIC model law",
	"information_broker", "Information broker: sells or passes on data about people",
	"credit_bureau", "Credit bureau (consumer reporting agency)",
	"ca_health_facility", "Clinic, health facility, home health agency or hospice licensed in California",
)

// usFacts are what only laws of the United States ask.
var usFacts = []FactDef{
	{"us_records", "us", FactMulti, "Which specially protected US records are touched?", "", options("none", "None of these", "phr", "Unsecured health information of a personal health record", "customer", "Customer information of a financial firm", "customer_sensitive", "Sensitive customer information of a financial firm", "cpni", "Network information of telecom customers (CPNI)", "telecom_pii", "Personal information of telecom customers", "cui", "Covered defense information", "education_records", "Education records", "student_aid", "Student financial aid data", "fti", "Federal tax information", "insurance", "Nonpublic information of insurance customers")},
	{"us_sector_incident", "us", FactChoice, "What is the incident under the US rules of our sector?", "Banks: it disrupts operations materially, or is likely to. CIRCIA: substantial. Financial firms in New York: also where another authority must be told. Others: as the rule defines a reportable incident.", options("none", "Nothing to report", "attempt", "Only an attempt to compromise", "reportable", "An incident that must be reported", "major", "A major incident (federal agencies)")},
	{"sec_material", "us", FactTri, "Have we determined that the incident is material to investors?", "SEC Form 8-K Item 1.05.", nil},
	{"sec_material_at", "us", FactTime, "When did we determine that it is material?", "Starts the 4 business days.", nil},
	{"new_information_at", "us", FactTime, "When did information arrive that an earlier US report did not have?", "Starts amended and further reports.", nil},
	{"supplier_told_at", "us", FactTime, "When did a supplier tell us of it?", "", nil},
	{"insurance_home_state", "us", FactText, "Which US state is our home state as an insurer or producer?", "Its code, for example US-OH.", nil},
	// what the laws of the states ask
	{"paper_only", "us", FactTri, "Is only data on paper touched, and none in a computer?", "Many state laws reach computerised data alone.", nil},
	{"good_faith_access", "us", FactTri, "Was it only an employee or agent who acted in good faith, and who makes no other use of the data?", "", nil},
	{"credentials_open_account", "us", FactTri, "Do the passwords or codes give access to a financial account?", "", nil},
	{"notice_put_off", "us", FactTri, "Is telling people put off to find the scope or to make the systems safe again?", "", nil},
	{"payroll_tax_data", "us", FactTri, "As employer or payroll service: are taxpayer numbers with the income tax withheld touched?", "", nil},
}
