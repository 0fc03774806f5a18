package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// publicWords are the fixed words of the public site in the languages it
// speaks itself. Announcements may come in others.
var publicWords = map[incidents.Lang]map[string]string{
	"en": {
		"skip": "Skip to the text", "language": "Language", "notices": "Security notices", "notice": "Security notice",
		"none": "There are no security notices at present.", "listlead": "What happened, what it means for you and what you can do.",
		"happened": "What happened", "measures": "What we have done and will do", "advice": "What you can do", "remedies": "What we offer",
		"contact": "How to reach us", "genuine": "Is a message from us genuine?",
		"genuinelead": "Every message we send about this carries a code. Type it here. This page asks for nothing else.",
		"code":        "Code from your message", "codehint": "Letters and digits, for example", "check": "Check", "updates": "Versions of this page",
		"first": "First version.", "changed": "Changed:", "older": "You are reading version %d of this page, as it stood then.", "newest": "Read the present version",
		"whatchanged": "What changed in this version", "before": "Before", "now": "Now", "follow": "Follow by feed", "checkmessage": "Check a message",
		"withdrawn": "This notice was withdrawn", "withdrawnlead": "We took it back on %s. What it said no longer holds.",
		"verify": "Check a message", "yes": "This message is from us", "yeslead": "It belongs to a notice we sent on %s:",
		"drill": "It was an exercise: nothing happened, and there is nothing you have to do.", "readmore": "Read the public notice",
		"no": "This code is not from us", "nolead": "Check it letter by letter. If it stays unknown, the message may be a forgery: do not follow its links and do not answer it.",
		"never": "We never ask for a password, a code or a payment in such a message.",
		"busy":  "Too many codes were checked from your network", "busylead": "Wait a minute, then try again.",
		"missing": "There is no such page", "missinglead": "The address may be mistyped, or what stood here was never published.",
		"broken": "This page cannot be shown now", "brokenlead": "Please try again in a minute.", "home": "All security notices",
		"title": "Title", "short": "Summary", "log": "Log checkpoint",
	},
	"zh-Hans": {
		"skip": "跳到正文", "language": "语言", "notices": "安全公告", "notice": "安全公告",
		"none": "目前没有安全公告。", "listlead": "发生了什么、对您有何影响、您可以做什么。",
		"happened": "发生了什么", "measures": "我们已采取和将采取的措施", "advice": "您可以做什么", "remedies": "我们提供的帮助和补救",
		"contact": "如何联系我们", "genuine": "收到的消息是我们发的吗？",
		"genuinelead": "我们就此发出的每一条消息都带有核验码，请在此输入。本页不会要求您提供其他任何信息。",
		"code":        "消息中的核验码", "codehint": "由字母和数字组成，例如", "check": "核验", "updates": "本页的各个版本",
		"first": "首次发布。", "changed": "有改动的部分：", "older": "您正在阅读本页的第 %d 版，内容为当时所发布。", "newest": "阅读最新版本",
		"whatchanged": "这一版改动了什么", "before": "原文", "now": "现文", "follow": "订阅更新", "checkmessage": "核验消息",
		"withdrawn": "本公告已撤回", "withdrawnlead": "我们已于%s撤回本公告，其中所述不再有效。",
		"verify": "核验消息", "yes": "这条消息是我们发出的", "yeslead": "它属于我们于%s发出的告知：",
		"drill": "那是一次演练：没有发生任何事件，您无需采取任何行动。", "readmore": "阅读公告",
		"no": "这个核验码不是我们发出的", "nolead": "请逐个字符核对。如仍查不到，该消息可能是伪造的：请不要点击其中的链接，也不要回复。",
		"never": "我们不会在这类消息中索要密码、验证码或付款。",
		"busy":  "您所在的网络核验次数过多", "busylead": "请稍等一分钟再试。",
		"missing": "没有这个页面", "missinglead": "网址可能有误，或者此处的内容从未发布。",
		"broken": "现在无法显示本页", "brokenlead": "请过一分钟再试。", "home": "全部安全公告",
		"title": "标题", "short": "概要", "log": "日志检查点",
	},
}

// languageNames are how a language calls itself.
var languageNames = map[incidents.Lang]string{"en": "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文", "de": "Deutsch", "fr": "Français",
	"ja": "日本語", "es": "Español", "it": "Italiano", "nl": "Nederlands", "ko": "한국어", "pt": "Português", "pl": "Polski"}

func languageName(l incidents.Lang) string {
	if n, ok := languageNames[l]; ok {
		return n
	}
	return string(l)
}

// uiLang is the language of the fixed words beside a text in lang.
func uiLang(lang incidents.Lang) incidents.Lang {
	if script(string(lang)) == "zh-hans" {
		return "zh-Hans"
	}
	return "en"
}

// chooseLang chooses one of have: what the address asks for, else what the
// browser prefers, else the first. Another script is no match: who reads
// traditional Chinese is not given simplified Chinese in silence.
func chooseLang(r *http.Request, have []incidents.Lang) incidents.Lang {
	if asked := r.URL.Query().Get("lang"); asked != "" {
		if l, ok := matchLang(asked, have); ok {
			return l
		}
	}
	for _, want := range accepted(r.Header.Get("Accept-Language")) {
		if l, ok := matchLang(want, have); ok {
			return l
		}
	}
	return have[0]
}

func matchLang(want string, have []incidents.Lang) (incidents.Lang, bool) {
	for _, l := range have {
		if strings.EqualFold(string(l), want) {
			return l, true
		}
	}
	for _, l := range have {
		if script(string(l)) == script(want) {
			return l, true
		}
	}
	return "", false
}

// script reduces a tag to language and, for Chinese, script.
func script(tag string) string {
	tag = strings.ToLower(tag)
	first, rest, _ := strings.Cut(tag, "-")
	if first != "zh" {
		return first
	}
	for _, sub := range strings.Split(rest, "-") {
		switch sub {
		case "hant", "tw", "hk", "mo":
			return "zh-hant"
		}
	}
	return "zh-hans"
}

// accepted reads Accept-Language, best first; a header of more than 20 tags is cut.
func accepted(header string) []string {
	type wish struct {
		tag string
		q   float64
	}
	var wishes []wish
	for part := range strings.SplitSeq(header, ",") {
		tag, param, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(param), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(v, 64); err != nil {
				q = 0
			}
		}
		if tag = strings.TrimSpace(tag); tag != "" && tag != "*" && q > 0 {
			wishes = append(wishes, wish{tag, q})
		}
		if len(wishes) == 20 {
			break
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	out := make([]string, len(wishes))
	for i, w := range wishes {
		out[i] = w.tag
	}
	return out
}
