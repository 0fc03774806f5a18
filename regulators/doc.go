// Package regulators holds the law as data and judges incidents by it: which
// duties follow from the facts, for whom, by when and why.
//
// A [Pack] is loaded from YAML files and never changes. [Pack.Assess] is a pure
// function of facts, pack and instant. The package refuses to guess: a duty
// that an unknown fact decides is answered with "depends" and the fact's key,
// a number that is not in the law is marked soft, and a rule written from
// memory is marked recalled. It is no legal advice.
//
// # Files
//
//	rules/*.yaml        duties, one file per jurisdiction
//	calendars/*.yaml    business days
//	authorities/*.yaml  directories of authorities
//	severity/*.yaml     the ENISA method and the Chinese grades
//	vocabulary/*.yaml   pack version, places, content keys
//	CHANGELOG.md        what changed in which version, and why
//
// Unknown keys are errors. A rule file looks like this:
//
//	jurisdiction: UK
//	name: United Kingdom
//	zone: Europe/London          # zone in which days are counted
//	calendar: UK                 # business days, see calendars/
//	conditions:                  # clauses with a name, for several rules
//	  breach:
//	    when: confidentiality || integrity || availability
//	    because: Personal data was disclosed, altered or made unavailable.
//	    not: No personal data was disclosed, altered or made unavailable.
//	rules:
//	  - id: uk-gdpr-33
//	    title: Report the breach to the Information Commissioner
//	    title-zh: 向英国信息专员报告个人数据泄露
//	    law: UK GDPR Art. 33
//	    citation: UK GDPR Art. 33; Data Protection Act 2018
//	    authority: Information Commissioner
//	    directory: data-protection # authorities/data-protection.yaml, by place
//	    audience: regulator
//	    status: in_force
//	    effective: "2018-05-25"
//	    confidence: verified
//	    sources: [https://example.org/where-it-was-read]
//	    locators: [https://example.org/official-address-not-opened]
//	    checked: "2026-11-23"
//	    binding: statute
//	    content: [nature, approx_number, likely_consequences, measures_taken] # [] when the law leaves it open
//	    report: gdpr33
//	    place: GB                # whose residents count; or fan-out: EEA
//	    substitute:              # when another notice stands in for telling each person; the weakest first
//	      - when: {unreachable: {from: 10}, cost-over-usd: 250000, persons-over: 500000, hard: true} # any one is enough
//	        by: [website, media] # any one, or with all: true every one; public, inquiry_desk, email, written, telephone, other
//	        for: P90D            # how long it stays up
//	        content: [helpline_phone]
//	        citation: where the condition is written   # optional, as is confidence: recalled
//	        text: The law in plain words.
//	    applies:                 # all clauses must hold
//	      - use: breach
//	      - when: '"UK" in establishments || residents > 0'
//	        because: We are established there, or {residents} people there are affected.
//	        not: Nobody there is affected.
//	        unknown: Not known yet where the people live.   # optional
//	    clock:
//	      start: awareness
//	      facts: [aware_at]      # the first known one; pick: earliest for the earliest
//	      length: PT72H          # ISO 8601
//	      unit: hours            # or calendar-days, business-days
//	      qualifier: without undue delay
//
// # Conditions
//
// A condition is CEL over the facts of incidents.Catalogue and what is worked
// out from them: residents, persons, place, risk_medium, risk_high,
// cn_cac_grade, cn_miit_grade, and known, the list of all known facts. It is
// type-checked at load and bounded in cost. Evaluation is three-valued: a fact that is not known
// makes a clause unknown only if it could change the answer. One clause that
// fails makes the rule "no", whatever else is unknown. A clause that is an
// exception the law wants shown ("unless unlikely to result in a risk") asks
// whether the fact is known first: "misuse_likely" in known && !misuse_likely.
//
// A clause may also lean on another rule (requires: uk-gdpr-33). A further
// phase of a report is a rule of its own that requires the first.
//
// # Substitute notice
//
// A rule owed to individuals can say when another notice stands in for telling
// each person. unreachable counts the people of the rule whom no notice that
// answers it could reach; cost-over-usd and persons-over compare the fact
// direct_notice_cost_usd and the number of persons; hard asks the fact
// direct_notice_hard. The last three say nothing once a notice is out, or when
// the team answered that each person is told directly. The last condition that
// holds counts. What follows is a task of the incident; see
// incidents.Substituting.
//
// # Clocks
//
// Hours run on through nights, weekends and holidays. Days are counted in the
// zone of the rule, without the day of the start (first-day: true counts it as
// the first), to the end of the last day.
// Months end on the same date, or on the last day of a shorter month; P0D is
// the day of the start itself. A clock can start after another duty (after:
// [us-ca-individuals]), at the end of a year (year-end), be the earliest of
// several (earliest-of) and be paused by a fact (pause). Without a length the
// law's own words stay (qualifier), with a target from [Options] that is marked
// as ours.
//
// # Business days
//
// A calendar has the holidays of a place and the weekend days worked instead of
// others. It says which years it covers, of which it knows only some days
// (uncertain) and why, and which holidays are only expected, by the moon or the
// almanac. A count past such days ends as if they were certain, and its words
// say that they are not.
package regulators
