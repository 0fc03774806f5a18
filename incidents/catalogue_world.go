package incidents

// worldRegimes are the special laws of the rest of the world.
var worldRegimes = options()

// worldFacts are what only laws of the rest of the world ask.
var worldFacts = []FactDef{}
