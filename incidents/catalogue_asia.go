package incidents

// asiaRegimes are the special laws of Asia and the Pacific.
var asiaRegimes = options()

// asiaFacts are what only laws of Asia and the Pacific ask.
var asiaFacts = []FactDef{}
