package siem

import (
	"maps"
	"slices"
)

// An adapter reads JSON documents or lines of text, and adds the alerts it
// finds to the reader. It may find none and say why in the outcome.
type adapter struct {
	document func(*reader, object) error
	line     func(*reader, string) error
}

// formats names every adapter.
var formats = map[string]adapter{
	"alertmanager":             {document: alertmanager},
	"asff-eventbridge":         {document: asff},
	"azure-metric-alert":       {document: azureMetric},
	"breachreport-postback":    {document: breachReport},
	"cef":                      {line: cef},
	"chronicle-detection":      {document: chronicle},
	"cloudevents":              {document: cloudevents},
	"crowdsec-alert":           {document: crowdsec},
	"crowdstrike-eppdetection": {document: crowdstrike},
	"datadog-monitor-template": {document: datadogMonitor},
	"datadog-signal":           {document: datadogSignal},
	"elastic-detection":        {document: elastic},
	"falco":                    {document: falco},
	"generic":                  {document: generic},
	"github-code-scanning":     {document: githubCode},
	"github-dependabot":        {document: githubDependabot},
	"github-secret-scanning":   {document: githubSecret},
	"grafana-legacy":           {document: grafanaLegacy},
	"grafana-unified":          {document: grafana},
	"graylog-event":            {document: graylog},
	"guardduty-eventbridge":    {document: guardduty},
	"hibp-breach":              {document: hibp},
	"leef":                     {line: leef},
	"msgraph-alert-v2":         {document: msgraph},
	"newrelic-incident":        {document: newrelic},
	"ocsf-finding":             {document: ocsf},
	"pagerduty-events-v2":      {document: pagerdutyEvent},
	"pagerduty-webhook-v3":     {document: pagerdutyWebhook},
	"qradar-offense":           {document: qradar},
	"sentinel-incident":        {document: sentinel},
	"sigma-zircolite":          {document: sigma},
	"signalfx-detector":        {document: signalfx},
	"sns-envelope":             {document: sns},
	"splunk-webhook":           {document: splunk},
	"standard-webhooks":        {document: standardWebhooks},
	"sumologic-monitor":        {document: sumologic},
	"wazuh-alert":              {document: wazuh},
}

// Formats lists the formats that can be read.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }
