package incidents

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A SpendCap is how much one incident may spend on one channel. Zero: no cap.
type SpendCap struct {
	Messages int64 `json:"messages"`
	Money    int64 `json:"money"` // minor units of the currency: cents
}

// A Tariff is what the messages of a channel cost, and how many an incident
// may send before two people have to raise the cap.
type Tariff struct {
	Cap      SpendCap
	Price    int64           // minor units a message, of an SMS a segment, where no country says otherwise
	Prices   map[Place]int64 // by the country a person lives in
	Currency string
}

// PriceTo is what a message to somebody of a place costs, of an SMS each segment.
func (t Tariff) PriceTo(p Place) int64 {
	country, _, _ := strings.Cut(string(p), "-")
	if n, ok := t.Prices[Place(country)]; ok {
		return n
	}
	return t.Price
}

// MeanPrice is what PriceTo says on average to people of these places.
func (t Tariff) MeanPrice(people map[Place]int64) float64 {
	var n, sum int64
	for p, k := range people {
		n, sum = n+k, sum+k*t.PriceTo(p)
	}
	if n == 0 {
		return float64(t.Price)
	}
	return float64(sum) / float64(n)
}

// Spend is what an incident has spent on a channel, and its cap now.
type Spend struct {
	Incident IncidentID `json:"incident_id"`
	Channel  Channel    `json:"channel"`
	Messages int64      `json:"messages"`
	Money    int64      `json:"money"`
	Cap      SpendCap   `json:"cap"`
	Currency string     `json:"currency,omitempty"`
	Held     int64      `json:"held"` // deliveries that wait for a higher cap
	Tariff   Tariff     `json:"-"`
}

// Affords is how many more messages the cap lets go that cost so much on average.
func (s Spend) Affords(price float64) int64 {
	n := int64(math.MaxInt64)
	if s.Cap.Messages > 0 {
		n = s.Cap.Messages - s.Messages
	}
	if s.Cap.Money > 0 && price > 0 {
		const exact = 1e-6 // a cap that is just enough stays so, whatever the division loses
		n = min(n, int64(float64(s.Cap.Money-s.Money)/price+exact))
	}
	return max(n, 0)
}

// A Purse is what may still be spent while deliveries are claimed.
type Purse struct {
	Tariff
	Spent, Before SpendCap // now, and when the purse was opened
}

// Pay takes the price of one message of so many parts to a place; false when the cap is reached.
func (p *Purse) Pay(to Place, parts int64) bool {
	price := parts * p.PriceTo(to)
	if p.Cap.Messages > 0 && p.Spent.Messages >= p.Cap.Messages || p.Cap.Money > 0 && p.Spent.Money+price > p.Cap.Money {
		return false
	}
	p.Spent.Messages++
	p.Spent.Money += price
	return true
}

// CodeSpendCap is the code of a delivery that waits for a higher cap.
const CodeSpendCap = "spend-cap"

// A CapRaise asks an officer to let an incident spend more on a channel. Who
// asks may not confirm it.
type CapRaise struct {
	ID         string     `json:"id"`
	IncidentID IncidentID `json:"incident_id"`
	Channel    Channel    `json:"channel"`
	To         SpendCap   `json:"to"`
	From       SpendCap   `json:"from"` // as it was when it was asked
	Currency   string     `json:"currency,omitempty"`
	Reason     string     `json:"reason"`
	By         AccountID  `json:"by"`
	ByName     string     `json:"by_name"`
	At         time.Time  `json:"at"`
	Status     string     `json:"status"` // asked, approved, returned
}

// Hash is what the officer's decision is bound to.
func (c CapRaise) Hash() string {
	return hashJSON(struct {
		ID       string
		Incident IncidentID
		Channel  Channel
		From, To SpendCap
		Reason   string
	}{c.ID, c.IncidentID, c.Channel, c.From, c.To, c.Reason})
}

// SubjectCapRaise is a higher spend cap.
const SubjectCapRaise SubjectKind = "cap-raise"

// SpendTx keeps what incidents spend.
type SpendTx interface {
	// Spends lists an incident's channels that have a cap.
	Spends(IncidentID) ([]Spend, error)
	// RaiseCap sets an incident's cap on a channel, and lets go what it held.
	RaiseCap(IncidentID, Channel, SpendCap, time.Time) (released int64, err error)
	PutCapRaise(CapRaise) error
	CapRaise(id string) (CapRaise, error)
	CapRaises(IncidentID) ([]CapRaise, error) // "" for all; newest first
}

// Spends lists what an incident has spent where there is a cap, and the raises asked for.
func (d *Desk) Spends(ctx context.Context, a Actor, id IncidentID) (spends []Spend, raises []CapRaise, err error) {
	_, err = read(ctx, d, a, ActRead, func(tx Tx) (none struct{}, err error) {
		if spends, err = tx.Spends(id); err != nil {
			return none, err
		}
		raises, err = tx.CapRaises(id)
		return none, err
	})
	return spends, raises, err
}

// AskCapRaise asks an officer to raise an incident's cap on a channel.
func (d *Desk) AskCapRaise(ctx context.Context, a Actor, id IncidentID, c Channel, to SpendCap, reason string) (r CapRaise, err error) {
	if err := reasonGiven(reason); err != nil {
		return r, err
	}
	err = d.write(ctx, a, ActRelease, func(tx Tx) error {
		if _, err := openIncident(tx, id); err != nil {
			return err
		}
		spends, err := tx.Spends(id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(spends, func(s Spend) bool { return s.Channel == c })
		if i < 0 {
			return Invalid("there is no spend cap on %s", c).On("channel").WithHint("caps are set in limits.spend")
		}
		now := spends[i].Cap
		if to.Messages < now.Messages || to.Money < now.Money || to == now || now.Messages == 0 && to.Messages != 0 || now.Money == 0 && to.Money != 0 {
			return Invalid("a raise is above the cap of now: %s", now.Text(spends[i].Currency)).On("messages")
		}
		r = CapRaise{ID: d.NewID(), IncidentID: id, Channel: c, To: to, From: now, Currency: spends[i].Currency, Reason: reason, By: a.ID, ByName: a.Name,
			At: d.Now().UTC().Truncate(time.Second), Status: "asked"}
		if err := tx.PutCapRaise(r); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "cap.asked", incident: id, subject: r.ID, line: "Asked to raise the spend cap of " + string(c) + " to " + to.Text(r.Currency) + ":", quote: reason,
			data: map[string]string{"channel": string(c), "messages": itoa(to.Messages), "money": itoa(to.Money), "hash": r.Hash()}})
	})
	return r, err
}

// Text is a cap in words: "2,000 messages and 150.00 EUR".
func (c SpendCap) Text(currency string) string {
	var words []string
	if c.Messages > 0 {
		words = append(words, grouped(c.Messages)+" messages")
	}
	if c.Money > 0 {
		words = append(words, fmt.Sprintf("%s.%02d %s", grouped(c.Money/100), c.Money%100, currency))
	}
	if len(words) == 0 {
		return "no cap"
	}
	return strings.Join(words, " and ")
}

// capRaise loads a raise that waits for a decision.
func (p *Pending) capRaise(tx Tx, id string) (waits bool, in IncidentID, err error) {
	r, err := tx.CapRaise(id)
	if err != nil {
		return false, "", err
	}
	p.Subject, p.Title = Subject{SubjectCapRaise, id, 1, r.Hash()}, "the spend cap of "+string(r.Channel)+" at "+r.To.Text(r.Currency)
	p.By, p.Editors, p.Since = r.By, []AccountID{r.By}, r.At
	return r.Status == "asked", r.IncidentID, nil
}

// raised does what an officer decided on a raise.
func (d *Desk) raised(tx Tx, a Actor, p Pending, back bool, now time.Time) error {
	r, err := tx.CapRaise(p.Subject.ID)
	if err != nil {
		return err
	}
	r.Status = pick(back, "returned", "approved")
	if err := tx.PutCapRaise(r); err != nil || back {
		return err
	}
	n, err := tx.RaiseCap(r.IncidentID, r.Channel, r.To, now)
	if err != nil {
		return err
	}
	return d.record(tx, a, event{name: "cap.raised", incident: r.IncidentID, subject: r.ID, line: "The spend cap of " + string(r.Channel) + " is " + r.To.Text(r.Currency) + " now; " + itoa(n) + " deliveries go on.",
		data: map[string]string{"channel": string(r.Channel), "messages": itoa(r.To.Messages), "money": itoa(r.To.Money), "released": itoa(n)}})
}
