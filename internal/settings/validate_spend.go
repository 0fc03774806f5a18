package settings

import (
	"maps"
	"regexp"
	"slices"
)

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

const muchMoney = 1_000_000_000_00

func (c *checker) spend(s Spend) {
	const key = "limits.spend."
	if !currencyCode.MatchString(s.Currency) {
		c.say(key+"currency", "%q is not a currency code like EUR", s.Currency)
	}
	c.tariff(key+"email.", s.Email)
	c.tariff(key+"sms.", s.SMS)
	c.tariff(key+"push.", s.Push)
	c.tariff(key+"phone.", s.Phone)
	c.tariff(key+"letter.", s.Letter)
}

func (c *checker) tariff(key string, t Tariff) {
	c.between(key+"messages", t.Messages, 0, 1_000_000_000)
	c.between(key+"money", t.Money, 0, muchMoney)
	c.between(key+"price", t.Price, 0, 100_000)
	for _, country := range slices.Sorted(maps.Keys(t.Prices)) {
		if !countryCode.MatchString(country) {
			c.say(key+"prices", "%q is not a country code like DE or CN", country)
		}
		c.between(key+"prices."+country, t.Prices[country], 0, 100_000)
	}
	if t.Money > 0 && t.Price == 0 {
		c.say(key+"price", "is needed with a cap in money: what a country without a price of its own costs")
	}
}
