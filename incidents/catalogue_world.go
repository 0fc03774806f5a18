package incidents

// worldRegimes are the special laws of the rest of the world.
var worldRegimes = options(
	"ae_cbuae", "Financial institution licensed by the Central Bank of the UAE",
	"ca_osfi", "Federally regulated financial institution in Canada (OSFI)",
	"ca_phipa", "Health information custodian in Ontario (PHIPA)",
	"ch_finma", "Institution supervised by FINMA (Switzerland)",
	"ch_isa", "Operator of critical infrastructure under the Swiss Information Security Act",
	"cl_essential", "Provider of essential services under Chile's Law 21,663",
	"cl_vital", "Operator of vital importance under Chile's Law 21,663",
	"pe_digital_trust", "Entity listed in Peru's digital trust framework",
)

// worldFacts are what only laws of the rest of the world ask.
var worldFacts = []FactDef{
	{"significant_harm", "world", FactTri, "Is there a real risk of significant or serious harm to people?", "How sensitive the data is, and how probable its misuse. Canada, Latin America, Kenya, Qatar.", nil},
	{"material_incident", "world", FactTri, "Is the incident significant for the services we run, or for our customers?", "Supervisors of finance and of cyber security ask it: high or critical by their own grades.", nil},
	{"large_scale", "world", FactTri, "Is data touched on a large scale?", "By its volume, the number of people, the time or the area. Brazil, Peru.", nil},
	{"secret_data", "world", FactTri, "Is data under legal, judicial or professional secrecy touched?", "Brazil.", nil},
	{"notice_ordered_by", "world", FactMulti, "Which authorities have ordered us to tell the people?", "Some laws leave it to the authority.", options("none", "None", "CA-AB", "Commissioner of Alberta", "CH", "Commissioner of Switzerland", "IL", "Privacy Protection Authority of Israel")},
	{"notice_ordered_at", "world", FactTime, "When did the order to tell the people arrive?", "", nil},
	{"br_small_agent", "world", FactTri, "Are we a small processing agent under Brazilian law?", "Small agents have twice the time.", nil},
	{"ca_provincial_only", "world", FactTri, "Is the data handled wholly inside Quebec, Alberta or British Columbia, under that province's private-sector law?", "Then the federal law of Canada yields. Data that crosses a border is under the federal law.", nil},
	{"ca_on_circumstances", "world", FactMulti, "Which of the circumstances of Ontario's health privacy regulation are given?", "O. Reg. 329/04 s. 6.3; one is enough.", options("none", "None of these", "knowing", "Used or disclosed by someone who knew, or should have known, that it was not allowed", "stolen", "Stolen", "further", "Further use or disclosure is likely", "pattern", "Part of a pattern of similar incidents", "member", "Discipline of a member of a college", "agent", "Discipline of another agent", "significant", "Significant")},
	{"il_database", "world", FactChoice, "Which security level has the database under Israeli law?", "Data Security Regulations 2017.", options("basic", "Basic or none", "medium_part", "Medium, and no material part of it is touched", "medium_material", "Medium, and a material part of it is touched", "high", "High")},
	{"eg_national_security", "world", FactTri, "Does the breach concern Egypt's national security?", "Then the report is due at once.", nil},
}
