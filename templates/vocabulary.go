package templates

import "tocsin/incidents"

// base is the language of a tag without script and region: "zh" of zh-Hans.
func base(lang incidents.Lang) string {
	tag, err := parseTag(lang)
	if err != nil {
		return ""
	}
	b, _ := tag.Base()
	return b.String()
}

func isChinese(lang incidents.Lang) bool { return base(lang) == "zh" }

// Words by which a text names a category of data, per language. What is not
// listed here (basic, other) is too general to look for.
var categoryWords = map[string]map[string][]string{
	"identity":         {"en": {"identity document", "identity card", "passport", "social security number", "driving licence", "driver's license", "identity data", "identity number"}, "zh": {"身份证", "护照", "驾驶证", "身份信息"}},
	"biometric":        {"en": {"biometric", "fingerprint", "face template", "facial"}, "zh": {"生物识别", "指纹", "面部", "人脸"}},
	"network_identity": {"en": {"password", "passwords", "login", "credentials", "account names"}, "zh": {"密码", "账号", "口令"}},
	"health":           {"en": {"health", "medical", "diagnosis", "patient records"}, "zh": {"健康", "医疗", "病历", "诊断"}},
	"property":         {"en": {"payment card", "credit card", "debit card", "bank account", "bank", "card number", "card numbers", "payment"}, "zh": {"银行卡", "信用卡", "银行账户", "支付", "财产信息"}},
	"communication":    {"en": {"messages and records", "chat messages", "e-mail content", "call records"}, "zh": {"通信内容", "聊天记录", "通话记录"}},
	"contacts":         {"en": {"contact lists", "contact list", "address book"}, "zh": {"联系人信息", "通讯录"}},
	"location":         {"en": {"location data", "location"}, "zh": {"位置信息", "行踪", "定位"}},
	"internet_access":  {"en": {"internet use", "browsing history"}, "zh": {"上网记录", "浏览记录"}},
	"education_work":   {"en": {"education and work", "employment", "education"}, "zh": {"教育和工作", "工作信息", "学历"}},
	"devices":          {"en": {"information about devices", "device identifiers"}, "zh": {"设备信息"}},
	"basic":            {"en": {"name", "names", "contact details", "e-mail address", "email", "address", "telephone number", "basic information"}, "zh": {"姓名", "联系方式", "电子邮件", "电话", "地址", "基本资料"}},
	"other":            {"en": {"other personal information"}, "zh": {"其他个人信息"}},
}

// Words of a sentence that says something is not so.
var negations = map[string][]string{
	"en": {"not", "no", "never", "none", "neither", "nor", "without", "don't", "doesn't", "didn't", "isn't", "aren't", "wasn't", "weren't"},
	"zh": {"不", "没有", "未", "无"},
}

// Words that describe the nature of a breach, which a notice under the law of
// Massachusetts must not do.
var natureWords = map[string][]string{
	"en": {"ransomware", "malware", "malicious software", "harmful software", "hacker", "hackers", "hacked", "hacking", "phishing", "intruder", "intruders", "stolen", "stole",
		"theft", "unauthorized", "unauthorised", "without permission", "no right", "attacker", "attackers", "attack", "cyberattack", "exfiltrated", "copied", "misdirected", "lost",
		"leaked", "exposed", "published", "insider", "deceived", "vulnerability", "encrypted by", "mistake", "failed", "unreadable", "demand money"},
	"zh": {"勒索", "恶意程序", "恶意软件", "黑客", "攻击", "钓鱼", "入侵", "窃取", "盗取", "未经许可", "未经授权", "欺骗", "泄露", "遗失", "差错", "漏洞"},
}

// Words that introduce a possible effect.
var effectWords = map[string][]string{
	"en": {"can", "could", "may", "might", "risk", "risks", "possible", "effect", "consequences", "likely"},
	"zh": {"可能", "风险", "影响", "后果"},
}
