/** What `limen init` writes. Both YAML files pass `limen check` as they are. */

export const configTemplate = `# Limen. Every value here is the default unless it says otherwise; what you do not need, leave out.
# Check it with: limen check
# The environment wins over this file: LIMEN_HTTP__PORT=8080; LIMEN_INFLUX__TOKEN_FILE=/run/secrets/token reads a file.
# Durations: 500ms, 10s, 5min, 2h, 7d. Sizes: 64KiB, 10MiB, 2GiB. Paths are relative to this file.

# The site's name, the source of every event. Default: the name of this machine.
# site: ward-3

# Where everything durable is kept.
data: ./data

# The MQTT broker. Off this machine only: other hosts need credentials (limen device add ID).
mqtt: { host: 127.0.0.1, port: 1883, maxPacketSize: 256KiB }

# API and MQTT over WebSocket (at /mqtt). Off this machine it needs an admin (limen user add NAME --role admin).
http: { host: 127.0.0.1, port: 8080 }

# loopback: trusted | required (log in on this machine, too).
# insecure: true allows to listen off this machine without TLS, behind a reverse proxy or in a container network.
auth: { loopback: trusted, insecure: false }

# How long a reading may wait for others before they are written together: 0ms…1s. Longer spares an SD card.
store: { commitWindow: 50ms }

# What cannot be learnt from the messages: type, labels, settings; units and limits of metrics. * and ? are wildcards.
# devices:
#   bed-1: { type: ward-monitor, labels: { ward: east } }
#   "bed-*": { metrics: { spo2: { unit: "%", min: 0, max: 100 }, "temp*": { unit: Cel } } }

# Files, globs, or rules written in place. A changed file is taken up at once.
rules: [rules/*.yaml]

# Where notifications go; a rule names them with { notify: NAME }.
# targets:
#   nurse-call: { webhook: { url: "https://nurse-call.example/hook", secretEnv: NURSE_CALL_SECRET } }
#   upstream: { mqtt: { url: "mqtts://upstream.example", topic: "sites/\${source}/\${type}", qos: 1 } }

# Every reading to InfluxDB. Better in the environment: LIMEN_INFLUX__TOKEN.
# influx: { version: 2, url: http://127.0.0.1:8086, org: hospital, bucket: readings, token: … }
# influx: { version: 1, url: http://127.0.0.1:8086, database: readings }

# Node-RED flows in a process of their own, with the editor at /flows/. child | off.
# flows: { mode: child }

# How long and how much to keep here. What was not sent yet is kept beyond the age, never beyond the size.
retention: { readings: 30d, maxSize: 2GiB }
`

export const rulesTemplate = `# Example rules. A device publishes its readings to devices/DEVICE/METRIC, for instance:
#   mosquitto_pub -t devices/bed-1/spo2 -q 1 -m 84
# Then look at the alarm: mosquitto_sub -v -t 'limen/alarms/#'
#
# mode: live tells people; shadow evaluates and records, and tells nobody; off does nothing.
# Kinds (under when:): level (short: above, below, equals), rate, deviation, aggregate, nOfM, absent, flat, anomaly,
# all, any, atLeast, sequence, frequency, score, geofence, expression.
rules:
  - id: spo2-low
    on: { metric: spo2, device: "*" } # globs: * any run of characters, ? one; also deviceType:, label: { ward: east }
    when: { level: { lolo: 85, lo: 90, hysteresis: 2 } } # one alarm that carries its level; back only above 92
    for: 10s # below the limit for so long
    clearFor: 10s # and back for so long
    stale: 30s # so long the last good value stands; then the alarm says "unknown", it never clears by silence
    priority: { lolo: high, lo: medium }
    escalate: [2min, 5min] # while nobody acknowledges it
    message: "SpO2 {value}{unit} on {device}"

  # Nothing heard for two minutes.
  - id: spo2-silent
    on: { metric: spo2, device: "*" }
    when: { absent: { after: 2min } }
    message: "nothing heard of {metric} on {device}"

  # A command to an actuator: topic devices/fan-DEVICE/power/set. When the alarm clears, the safe value is sent.
  - id: room-hot
    on: { metric: temperature, device: "room-*" }
    when: { above: 28, hysteresis: 1 }
    priority: low
    ack: auto # nobody need acknowledge it
    then:
      - command: { device: "fan-{device}", actuator: power, value: on, ttl: 30s, release: safe, safeValue: off }
      # - notify: nurse-call # a target of limen.yaml

  # The examples from here on are on trial (shadow); live when you are content with what they find.

  # A door contact, at night.
  - id: door-open
    on: { metric: door }
    when: { equals: open }
    for: 1min
    while: { from: "22:00", to: "06:00", tz: UTC } # write your own zone, e.g. Europe/London
    mode: shadow

  # How fast it changes: half a degree a minute, over five minutes.
  - id: freezer-warms
    on: { metric: temperature, device: "freezer-*" }
    when: { rate: { gt: 0.5, per: 1min, over: 5min } }
    mode: shadow

  # Several signals of one device, all of a message taken before it is judged.
  - id: shock
    on: { device: "bed-*" }
    when: { all: [{ metric: heart_rate, gt: 120 }, { metric: systolic_bp, lt: 90 }], maxAge: 15min }
    priority: high
    mode: shadow

  # NEWS2: points of seven signs. Its levels are low-medium, medium, high, and so are its priorities.
  - id: early-warning
    on: { device: "bed-*" }
    when: { score: { table: news2, maxAge: 1h } }
    mode: shadow

  # Application events (topic events/login.failed): the sixth within a minute, for each card by itself.
  - id: card-guessing
    on: { event: login.failed }
    key: data.card
    when: { frequency: { gt: 5, in: 1min, cooldown: 10min } }
    mode: shadow
`

/** Absolute paths. */
export function unitTemplate({ node, main, directory }: { readonly node: string; readonly main: string; readonly directory: string }): string {
  return `# Limen as a systemd service. Install it with:
#   sudo useradd --system --no-create-home --shell /usr/sbin/nologin limen
#   sudo cp ${directory}/limen.service /etc/systemd/system/
#   sudo systemctl daemon-reload && sudo systemctl enable --now limen
[Unit]
Description=Limen edge event gateway
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=${quote(node)} ${quote(main)} start --config ${quote(`${directory}/limen.yaml`)} --data /var/lib/limen
User=limen
Group=limen
# /var/lib/limen and /var/cache/limen belong to it; nothing else can be written.
StateDirectory=limen
StateDirectoryMode=0700
CacheDirectory=limen
# Secrets: LIMEN_INFLUX__TOKEN_FILE=%d/influx-token with LoadCredential=influx-token:/etc/limen/influx-token
# Environment=LIMEN_INFLUX__TOKEN_FILE=%d/influx-token
# LoadCredential=influx-token:/etc/limen/influx-token
Restart=always
RestartSec=2
TimeoutStopSec=15
# The gateway says every half of this that its event loop turns; silent, it is started anew.
WatchdogSec=60
NotifyAccess=all
# Gateway and flows together. A flow that takes too much ends alone; the gateway starts it again.
MemoryMax=768M
OOMPolicy=continue
TasksMax=256
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectProc=invisible
RemoveIPC=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
# setpriority, by which the flows give way to the gateway, is in @system-service. MemoryDenyWriteExecute would end Node: it compiles.
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`
}

/** systemd.service(5): % begins a specifier, quotes keep spaces together. */
function quote(path: string): string {
  const escaped = path.replace(/%/g, '%%').replace(/\$/g, '$$$$')
  return /[\s"'\\;]/.test(escaped) ? `"${escaped.replace(/["\\]/g, '\\$&')}"` : escaped
}
