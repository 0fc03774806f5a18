package app

import (
	"tocsin/incidents"
	"tocsin/internal/settings"
)

// tariffs is what messages cost and when an incident has to stop, by channel.
func tariffs(s settings.Spend) map[incidents.Channel]incidents.Tariff {
	out := map[incidents.Channel]incidents.Tariff{}
	for ch, t := range map[incidents.Channel]settings.Tariff{incidents.Email: s.Email, incidents.SMS: s.SMS, incidents.Push: s.Push, incidents.Phone: s.Phone, incidents.Letter: s.Letter} {
		if t.Messages == 0 && t.Money == 0 {
			continue
		}
		prices := map[incidents.Place]int64{}
		for country, price := range t.Prices {
			prices[incidents.Place(country)] = price
		}
		out[ch] = incidents.Tariff{Cap: incidents.SpendCap{Messages: t.Messages, Money: t.Money}, Price: t.Price, Prices: prices, Currency: s.Currency}
	}
	return out
}
