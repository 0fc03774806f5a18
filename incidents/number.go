package incidents

// NumberType is what a telephone number is in its country's numbering plan.
type NumberType string

// The types of number a person can be reached by. All others (premium, shared
// cost, toll-free, pagers and their like) are nobody's own telephone.
const (
	NumberMobile NumberType = "mobile"
	NumberEither NumberType = "fixed-line-or-mobile" // the plan cannot tell, as in North America
	NumberFixed  NumberType = "fixed-line"
	NumberVoIP   NumberType = "voip"
)

// NumberTypes lists them.
func NumberTypes() []NumberType {
	return []NumberType{NumberMobile, NumberEither, NumberFixed, NumberVoIP}
}
