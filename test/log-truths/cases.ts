/** Which format reads which sample, as a user would name it on the command line; several where one sample holds lines of several. */
export interface Case {
  path: string;
  ways: readonly (readonly string[])[];
}

const one = (path: string, ...words: string[]): Case => ({ path, ways: [words] });
const format = (kind: string, options: Readonly<Record<string, string>> = {}): string[] => ['--format', kind, ...Object.entries(options).flatMap(([name, value]) => ['--option', `${name}=${value}`])];

const proxyManager =
  '[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server] "$http_user_agent" "$http_referer"';
const proxyManagerDirect = '[$time_local] $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] "$http_user_agent" "$http_referer"';
const couchdb = '^\\[(?P<level>\\w+)\\] (?P<time>\\S+) \\S+ <\\S+> \\S+ (?P<host>\\S+) (?P<ip>\\S+) (?P<who>\\S+) (?P<method>[A-Z]+) (?P<target>\\S+) (?P<status>\\d+) \\w+ (?P<ms>\\d+)$';
const couchdbAttributes = JSON.stringify({
  'client.address': 'ip',
  'user.name': 'who',
  'server.address': 'host',
  'http.request.method': 'method',
  'url.path': 'target',
  'http.response.status_code': 'status',
  'http.server.request.duration': { field: 'ms', unit: 'ms' },
});
const sshesame =
  '^(?P<time>\\d{4}/\\d{2}/\\d{2} [\\d:]{8}) \\[(?P<peer>[^ ]+)\\] (?P<message>authentication for user "(?P<who>[^"]*)" (?:with password "[^"]*"|without credentials) (?P<how>accepted|rejected)|(?:\\[channel \\d+\\] )?input: "(?P<input>.*)"|(?:\\[channel \\d+\\] )?command "(?P<command>.*)" requested|.*)$';
const sshesameAttributes = JSON.stringify({ 'client.address': 'peer', 'user.name': 'who', 'login.outcome': 'how' });
const inside = { trusted_proxies: '["10.0.0.0/8","172.16.0.0/12","192.168.0.0/16"]' };

const logins = [
  'authelia-logs',
  'authentik-logs',
  'dovecot-logs',
  'gitlab-logs',
  'grafana-logs',
  'kasm',
  'keycloak-logs',
  'mysql-logs',
  'nextcloud-logs',
  'ntfy-logs',
  'pam-logs',
  'pgsql-logs',
  'postfix-logs',
  'ssh-bf',
  'sshd-logs',
  'sshd-success-logs',
  'syslog-logs',
  'vaultwarden-logs',
];
const combined = ['apache-http-probing', 'http-dos-bypass-cache', 'http-dos-random-uri', 'nginx-http-path-traversal'];

export const cases: readonly Case[] = [
  one('elastic-apache-access', ...format('combined')),
  one('elastic-nginxplus-status', ...format('json')),
  one('elastic-auth', ...format('auth'), '--year', '2017'),
  one('elastic-kafka1-rotated', ...format('log4j')),
  one('loghub-apache', ...format('apache-error')),
  one('loghub-openstack', ...format('openstack')),
  one('loghub-zookeeper', ...format('log4j')),
  one('loghub-hadoop', ...format('log4j')),
  one('loghub-spark', ...format('log4j')),
  one('loghub-healthapp', ...format('regex', { pattern: '^(?P<time>[^|]+)\\|(?P<component>[^|]+)\\|(?P<pid>\\d+)\\|(?P<message>.*)$', time_layout: 'YYYYMMDD-H:m:s:S' })),
  one('loghub-proxifier', ...format('regex', { pattern: '^\\[(?P<time>[^\\]]+)\\] (?P<program>\\S+(?: \\*64)?) - (?P<message>.*)$', time_layout: 'MM.DD HH:mm:ss' })),
  ...combined.map((name) => one(`crowdsec/${name}`, ...format('combined'))),
  ...logins.map((name) => one(`crowdsec/${name}`, ...format('auth', inside))),
  { path: 'crowdsec/apache2-logs', ways: [format('combined'), format('apache-error')] },
  { path: 'crowdsec/nginx_http-logs', ways: [format('combined'), format('nginx-error')] },
  { path: 'crowdsec/nginx-proxy-manager-logs', ways: [format('nginx', { log_format: proxyManager }), format('nginx', { log_format: proxyManagerDirect }), format('nginx-error'), format('combined')] },
  one('crowdsec/aws-alb-logs', ...format('aws-alb')),
  one('crowdsec/couchdb-logs', ...format('regex', { pattern: couchdb, attributes: couchdbAttributes })),
  {
    path: 'crowdsec/endlessh-logs',
    ways: [
      format('regex', { pattern: '^(?P<time>\\S+) (?P<message>ACCEPT host=(?P<peer>\\S+) .*)$', attributes: '{"client.address":"peer"}' }),
      format('regex', { pattern: '^[A-Z](?P<time>\\d{4} \\S+) +\\d+ \\S+ (?P<message>ACCEPT host=(?P<peer>\\S+) .*)$', time_layout: 'MMDD HH:mm:ss.SSS', attributes: '{"client.address":"peer"}' }),
    ],
  },
  one('crowdsec/envoy-logs', ...format('envoy'), '--container', 'cri'),
  one('crowdsec/haproxy-logs', ...format('haproxy')),
  one('crowdsec/iis-xml-logs', ...format('iis-event')),
  one('crowdsec/sshesame', ...format('regex', { pattern: sshesame, attributes: sshesameAttributes })),
  one('crowdsec/tcpudp-flood-traefik', ...format('traefik')),
  one('crowdsec/traefik_clf', ...format('traefik')),
  ...['access_log.0', 'access_log.1', 'bad_access_log.0'].map((name) => one(`lnav/logfile_${name}`, ...format('combined'))),
  one('lnav/logfile_caddy_log.1', ...format('caddy')),
  one('lnav/logfile_java.0', ...format('log4j')),
  one('lnav/logfile_haproxy.0', ...format('haproxy'), '--year', '2019'),
  ...[0, 1, 2, 3, 4, 5, 6].map((number) => one(`lnav/logfile_w3c.${number}`, ...format('w3c'))),
  one('lnav/logfile_logfmt.0', ...format('logfmt')),
  ...['ecs_log', 'invalid_json', 'journald', 'json_invalid'].map((name) => one(`lnav/logfile_${name}.json`, ...format('json'))),
];

/** Samples whose truth is only how many lines they hold are read as messages of the system. */
export const anyLines: readonly string[] = format('syslog');

export interface Explained {
  path: string;
  what: string;
  why: string;
}

/** Where our answer differs from the sample's truth on purpose. One that no longer differs is an error too. */
export const explained: readonly Explained[] = [
  { path: 'crowdsec/apache-http-probing/apache-http-probing.log', what: 'methods', why: 'two requests without a protocol, as HTTP/0.9 writes them, have a method all the same' },
  { path: 'crowdsec/apache-http-probing/apache-http-probing.log', what: 'paths', why: 'the same two requests have a path' },
  {
    path: 'crowdsec/envoy-logs/envoy.log',
    what: 'source_ip',
    why: 'of a chain the origin believes the first hop, which anyone may claim; with trusted_proxies 10.42.0.0/16 and fd00:1234:5678::1 we answer the same',
  },
  { path: 'crowdsec/iis-xml-logs/iis-logs.log', what: 'http_user_agent', why: 'IIS writes + for a blank, we write the blank' },
  { path: 'crowdsec/iis-xml-logs/iis-logs.log', what: 'target_fqdn', why: "the origin takes the site's internal name; we keep it as w3c.s-sitename" },
  { path: 'vector-file-encodings/gzipped.log', what: 'lines', why: 'the truth counts the bytes of the archive, we the lines it unpacks to' },
  { path: 'vector-file-encodings/utf-16le.log', what: 'lines', why: 'the truth counts line feed bytes before decoding' },
];
