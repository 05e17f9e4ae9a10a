/** Every word of the console in Chinese. Its shape is the type of the English one, so a missing text does not compile. */
export const zhCN = {
  product: '烽火',
  demoData: '演示数据',
  nav: {
    overview: '总览', dashboards: '仪表盘', probes: '探测', logs: '日志', alerts: '告警', incidents: '事件', runbooks: '预案', onCall: '值班', notices: '公告', reports: '报告', settings: '设置',
    latency: '延迟', errors: '错误', logins: '登录', demo: '演示故障', inbox: '演示邮箱', gallery: '组件', main: '主导航', collapse: '收起导航', expand: '展开导航', menu: '菜单', skip: '跳到正文',
  },
  state: { ok: '正常', slow: '慢', down: '故障', unknown: '未知', maintenance: '维护' },
  outcome: { pass: '通过', slow: '慢', fail: '失败', unknown: '未知' },
  alertState: { pending: '待定', firing: '触发中', resolved: '已恢复' },
  severity: { info: '提示', warning: '警告', critical: '严重' },
  level: { sev1: '一级', sev2: '二级', sev3: '三级', sev4: '四级', sev5: '五级' },
  incidentState: { declared: '处置中', mitigated: '已缓解', resolved: '已恢复', closed: '已关闭' },
  noticeStatus: { investigating: '调查中', identified: '已定位', monitoring: '观察中', resolved: '已恢复' },
  impact: { none: '无影响', minor: '轻微', major: '较大', critical: '严重' },
  component: { operational: '正常', degraded_performance: '性能下降', partial_outage: '部分不可用', major_outage: '大面积不可用', under_maintenance: '维护中' },
  delivery: { queued: '排队', sent: '已发出', delivered: '已送达', read: '已看到', retrying: '重试中', failed: '失败' },
  stepKind: { check: '检查', act: '处置', decide: '判断', wait: '等待', approve: '审批', notify: '通知', publish: '发布', verify: '核验' },
  stepState: { waiting: '未到', open: '进行中', done: '完成', skipped: '跳过', not_taken: '未走', failed: '失败' },
  mode: { live: '实战', drill: '演练', patrol: '巡检', maintenance: '维护' },
  mutedBy: { silence: '静默', inhibition: '抑制', maintenance: '维护窗口', interval: '静音时段' },
  phase: { dns: '解析', connect: '连接', tls: '加密', firstByte: '首字节', body: '正文' },
  failure: { dns: '域名解析失败', connect: '连接失败', tls: '证书或加密失败', timeout: '超时', status: '状态码错误', assertion: '断言不成立', mismatch: '查询结果错误', missing: '查不到记录', login: '登录失败', captcha: '验证码失败', throttled: '被限流', business: '业务错误码' },
  role: { viewer: '查看', responder: '处置', publisher: '发布', admin: '管理' },
  do: {
    open: '打开', close: '关闭', cancel: '取消', save: '保存', retry: '重试', copy: '复制', copied: '已复制', all: '全部', more: '更多', back: '返回', send: '发送', search: '搜索', apply: '应用', details: '详情', reset: '重置',
    acknowledge: '确认', silence: '静默', declare: '宣布事件', openIncident: '打开事件', writeNotice: '写公告', runNow: '立即探测', running: '正在探测…', startRunbook: '启动预案', signOut: '退出登录', note: '记一笔', table: '表格', chart: '图表', csv: '下载 CSV', query: '查看查询', full: '全屏', leaveFull: '退出全屏',
  },
  top: {
    search: '搜索或输入命令', range: '时间范围', ranges: { '15m': '15 分', '1h': '1 小时', '24h': '24 小时', '7d': '7 天' }, absolute: '自定义', from: '从', to: '到', badRange: '起点要早于终点', compare: '对比上周', live: '实时', paused: '已暂停', pause: '暂停实时更新', resume: '恢复实时更新',
    late: (age: string) => `滞后 ${age}`, offline: '断线，重连中', connecting: '连接中', age: (age: string) => `${age}前`, noData: '尚无数据', language: 'English', theme: '主题', themes: { system: '跟随系统', light: '浅色', dark: '深色' }, account: '账户', onCall: (name: string) => `值班 · ${name}`, until: (time: string) => `至 ${time}`, nobody: '无人值班', keys: '键盘', more: '更多操作',
  },
  age: { ago: (text: string) => `${text}前`, left: (text: string) => `还剩 ${text}`, over: (text: string) => `已超 ${text}`, data: (text: string) => `数据 ${text}前`, since: (time: string) => `${time} 起`, lasted: (text: string) => `已 ${text}` },
  fault: {
    title: '没有取到数据', stale: '更新失败，下面是较早的数据', forbidden: '没有权限看这里', forbiddenHint: '请找管理员开通，或换一个账户登录。', notFound: '没有找到这个页面', notFoundHint: '地址可能写错了，或内容已被移走。', unexpected: '页面出错了', unexpectedHint: '请重新载入；若仍出错，请把这段文字交给维护者。', code: '代码', reload: '重新载入', noData: '所选时间内没有数据', stalePanel: (age: string) => `数据 ${age}前`,
  },
  signIn: { title: '登录', email: '邮箱', password: '密码', submit: '登录', working: '正在登录…', link: '正在用一次性链接登录…', linkFailed: '这个链接不能用了', linkHint: '一次性链接只能用一次且很快过期。请用密码登录，或在终端里再要一个链接。', hint: '第一次使用：启动时终端里会显示一次性登录链接。', wrong: '邮箱或密码不对' },
  overview: {
    availability: '可用率', day: '24 小时', latency: '查询耗时 p95', errors: '错误率', logins: '登录失败率', target: (value: string) => `目标 ${value}`, coverage: (value: string) => `覆盖 ${value}`, normal: (value: string) => `平时此刻 ${value}`, noNormal: '平时值尚不足以比较', samples: (value: string) => `n ${value}`, times: (value: string) => `高 ${value} 倍`,
    components: '组件', stripHint: '最近 60 分钟，每格 1 分钟', component: '组件', stateColumn: '状态', p95: 'p95', last60: '最近 60 分钟', avail: '24 小时可用', noComponents: '还没有配置组件', vantages: '探测点', vantageHint: '地区 × 线路，取最近 3 次', failing: (n: number, of: number) => `${n}/${of} 失败`, cutOff: '断联',
    working: '正在处理', noIncident: '没有正在处理的事件', nextUp: '接下来', nothingNext: '没有到期的事', alerts: '告警', noAlerts: '没有触发中的告警', commander: (name: string) => `指挥 ${name}`, noCommander: '尚无指挥', opened: (time: string) => `${time} 开始`, step: (n: number, of: number, title: string) => `第 ${n} 步 / ${of}：${title}`, noRunbook: '没有附预案',
    next: { noticeUpdate: '公众公告下次更新', escalation: '升级', gate: '预案关口', maintenance: '计划维护', notification: '下次通知' }, down: (n: number) => `最近 60 分钟有 ${n} 分钟故障`,
  },
  board: { of: '仪表盘', latest: '最新', average: '平均', highest: '最高', series: '系列', time: '时间', lastWeek: '上周同时', isolate: '只看这一条', bound: '上限', count: '次数', partial: '未满一格', distinct: (n: string) => `共 ${n}`, range: (from: string, to: string) => `${from} 至 ${to}`, samples: (n: string) => `n ${n}`, panelMenu: '面板菜单', queryTitle: '这个面板的查询', none: '没有仪表盘', logs: '看这一分钟的日志', mark: { alert: '告警', incident: '事件', notice: '公告', deploy: '发布' } },
  probes: {
    sentence: (ok: number, all: number) => `${all} 个探测，${ok} 个正常`, probe: '探测', kind: '方式', every: '间隔', last: '最近一次', p50: 'p50', p95: 'p95', availability: '24 小时可用', coverage: '覆盖', vantages: '探测点', strip: '最近 60 次', none: '还没有配置探测', noneHint: '在 fenghuo.yaml 的 probes 里写一个，保存后自动载入。', filter: '按名称、服务或地址筛选',
    waterfall: '各阶段耗时', waterfallHint: '中位数；细线为 p95', latency: '响应时间', heatmap: '响应时间分布', failures: '失败', failuresHint: '所选时间内', noFailures: '所选时间内没有失败', recent: '最近检查', rules: '盯着它的规则', noRules: '没有规则盯着它', yaml: '配置', evidence: '证据', noEvidence: '没有留下证据', attempt: (n: number) => `第 ${n} 次复核`, ran: (outcome: string, ms: string) => `刚刚：${outcome}，${ms}`, when: '时间', outcome: '结果', duration: '耗时', reason: '原因', vantage: '探测点', lastCheck: '最近检查', never: '还没有检查过', uptime: '可用', uptimeHint: '未知不计入可用率，另见覆盖',
  },
  alerts: {
    sentence: (n: number) => (n === 0 ? '没有触发中的告警' : `${n} 条告警触发中`), unacknowledged: (n: number) => `${n} 条无人确认`, allAcknowledged: '都已有人确认', active: '未恢复', all: '全部', none: '没有告警', noneHint: '规则会按时计算；触发时在这里先看到。', nextEvaluation: (text: string) => `下次计算 ${text}`, why: '为何触发', told: '通知了谁', noDelivery: '还没有发出通知', mutes: '被什么压住', next: '接下来', acknowledgedBy: (name: string, time: string) => `${name} ${time} 确认`, notAcknowledged: '无人确认', service: (name: string) => `服务 ${name}`, runbook: '预案', history: '状态变化', rule: '规则', series: '规则所看的数据', external: '外部来的告警，没有本地规则', labels: '标签', value: '当时的值', resolvedAt: (time: string) => `${time} 恢复`, attempts: (n: number) => `${n} 次投递`,
    acknowledgeTitle: '确认告警', acknowledgeHint: '确认后不再升级，时间线上会记下你的名字。', note: '备注（可不填）', silenceTitle: '静默告警', silenceHint: '静默期间不发通知，告警仍会记录。', minutes: '时长', matchers: '匹配的标签', comment: '为什么静默', declareTitle: '宣布事件', declareHint: '会建立事件、附上预案、开始时间线。', from: '从', to: '到', nobodyTold: '无人被通知',
  },
  incidents: {
    sentence: (n: number) => (n === 0 ? '没有正在处理的事件' : `${n} 起事件正在处理`), open: '未关闭', all: '全部', none: '没有事件', noneHint: '告警可以自动或由人宣布为事件。', number: '编号', title: '标题', level: '级别', stateColumn: '状态', began: '开始', lasted: '历时', commander: '指挥', runbook: '预案', step: (n: number, of: number) => `${n} / ${of}`,
    timeline: '经过', plan: '预案', evidence: '证据', evidenceAndNotices: '证据与公告', evidenceOf: (n: number) => `证据 · 第 ${n} 步`, notices: '对外', noNotice: '还没有对外公告', duration: '已持续', took: '历时', nextUpdate: '公告下次更新', noPlan: '没有附预案', noPlanHint: '可以从预案里选一个，或只用时间线。', noEvidence: '这一步没有要看的图', frozen: (time: string) => `${time} 定格的证据`, stepTag: (n: number, kind: string) => `第 ${n} 步 · ${kind}`, who: (role: string, accountable: string) => `负责 ${role} · 问责 ${accountable}`, doneBy: (name: string, time: string) => `${name} · ${time}`, notTaken: '没有走这一支', skipped: (reason: string) => `已跳过：${reason}`,
    gateHeld: '关口已过', gateOpen: '关口未过', gateNow: (value: string) => `现在 ${value}`, gateHeldFor: (held: string, want: string) => `已满足 ${held} / ${want}`, gateVantages: (n: number) => `${n} 个探测点`, gateSamples: (n: string) => `${n} 次`, complete: '完成本步', undo: '撤回', skip: '跳过，写原因…', skipTitle: '跳过这一步', skipHint: '原因会写进时间线，复盘时要看。', reason: '原因', noteTitle: '记一笔', noteHint: '写下看到的、做了的、决定的。', noteLabel: '内容', choose: '选择走哪一支', actionUnknown: '不知道有没有做成，请先核对', actionFailed: '没有做成', actionDone: '已做', closeIncident: '关闭事件', closeHint: '写清楚为什么可以关闭。', write: '写更新', latest: (time: string) => `最迟 ${time}`, publish: '发布并完成', draft: '公告草稿', roleOf: '角色', nobody: '空缺', takeRole: '由我担任', alerts: '相关告警', drill: '演练：不会打扰真实的人', closeNote: '完成说明（可不填）', keyNote: 'N',
  },
  runbooks: { sentence: (n: number) => `${n} 份预案`, none: '还没有预案', noneHint: '把 Markdown 预案放进 runbooks 文件夹即可。', title: '预案', owner: '归口', steps: '步数', applies: '适用', lastRun: '上次执行', never: '从未', version: '版本', text: '全文', outline: '步骤', startTitle: '启动预案', startHint: '会宣布一起事件并附上这份预案。' },
  notices: {
    sentence: (n: number) => (n === 0 ? '没有未恢复的公告' : `${n} 条公告未恢复`), none: '还没有公告', noneHint: '出了影响公众的事，就写一条：影响什么、现在可以怎么办、何时再更新。', compose: '写公告', update: '写更新', public: '公开页面', zh: '中文', en: 'English', titleField: '标题', body: '说明', advice: '现在可以怎么办', status: '阶段', impactField: '影响', components: '受影响的组件', nextUpdate: '下次更新时间', inMinutes: (n: number) => `${n} 分后`, preview: '预览', publish: '发布', publishHint: '发布后不能修改，只能追加更正。', published: '已发布', titleHint: '例：手机端登录提示“验证码错误”', bodyHint: '发生了什么，从几点起，影响谁。', adviceHint: '例：请使用网页端登录，不需要更换密码。', mustBoth: '中文与英文都要写', suggested: (word: string) => `建议：${word}`, history: '更新', by: (name: string) => `由 ${name}`, began: (time: string) => `${time} 开始`, restored: (time: string) => `${time} 恢复`, fromIncident: '来自事件', setStatus: '公开状态', due: '下次更新不晚于', adviceLabel: '现在可以怎么办：', overdue: '更新已逾期', noNext: '不承诺时间',
  },
  logs: { sentence: (n: string) => `${n} 条日志`, filter: '全文搜索（支持中文）', histogram: '条数', facets: '筛选', none: '没有符合的日志', noneHint: '放宽时间范围，或去掉一个筛选条件。', level: '级别', when: '时间', service: '服务', source: '来源', body: '内容', include: '只看', exclude: '去掉', older: '更早的', facet: { service: '服务', level: '级别', status: '状态码', outcome: '结果', source: '来源' } as Record<string, string>, fields: '字段' },
  onCall: { now: '现在值班', until: (time: string) => `到 ${time}`, nobody: '现在无人值班', nobodyHint: '告警仍会按路由发到各接收人。', told: '告警现在发给', hint: '班表在 fenghuo.yaml 的 schedules 里；这里显示此刻的结果。' },
  reports: { title: '报告', window: '所选时间内', availability: '可用与覆盖', probe: '探测', responded: '事件', opened: '起数', median: '历时中位数', byLevel: '按级别', csv: '下载 CSV', hint: '可用率不含未知；覆盖率说明有多少时间真正看到了。' },
  settings: { title: '系统', sentenceOk: '系统自己运行正常', sentenceBad: (n: number) => `系统自己有 ${n} 处要看`, loops: '循环', loop: '循环', lastRun: '上次', took: '用时', runs: '次数', failures: '失败', backlog: '积压', sources: '日志来源', source: '来源', rate: '行/分', lag: '延迟', malformed: '坏行', dropped: '丢弃', lastError: '最近错误', counters: '计数', none: '还没有数据', you: '你', version: '版本', publicPage: '公开页面', noSources: '没有配置日志来源', tokens: '令牌与账户', tokensHint: '在终端里管理：' },
  demo: { faults: '让演示服务出错', hint: '只影响本机的演示服务。打开后看总览、告警和事件如何一步步反应。', on: '打开', off: '关闭', until: (text: string) => `${text}后自动关闭`, running: '正在生效', inbox: '演示邮箱', inboxHint: '演示模式里发出的邮件都落在这里。', noMail: '还没有邮件', noMailHint: '打开一个故障，十几秒后这里会有告警邮件。', from: '发件', to: '收件', headers: '邮件头', text: '纯文本', html: '排版', pick: '选一封邮件来读', notDemo: '现在不是演示模式', count: (n: number) => `${n} 封`, for2: '2 分钟' },
  palette: { title: '命令', hint: '去哪里，或做什么', none: '没有匹配的', go: '前往', act: '操作', found: '找到的', acknowledge: (what: string) => `确认：${what}`, silence: (what: string) => `静默：${what}`, declare: (what: string) => `宣布事件：${what}`, start: (what: string) => `启动预案：${what}`, theme: (what: string) => `主题：${what}`, language: 'Switch to English' },
  keys: { title: '键盘', palette: '命令面板', help: '这张表', go: '前往', next: '下一行', previous: '上一行', acknowledge: '确认', silence: '静默', expand: '展开', note: '记一笔', close: '关闭最上层', enter: '打开' },
  toast: { done: '已完成', failed: '没有做成', acknowledged: '已确认', silenced: '已静默', declared: '事件已建立', noted: '已记下', published: '已发布', started: '预案已启动', closed: '已完成本步', skippedStep: '已跳过', undone: '已撤回', signedOut: '已退出', faultOn: '故障已打开', faultOff: '故障已关闭', saved: '已保存' },
  gallery: { title: '组件', hint: '界面的最小部件，两种语言、两种主题都在这里核对。', states: '状态', figures: '数字', buttons: '按钮', tags: '标签', strips: '条带', designed: '空、出错、禁止、载入', charts: '图', loading: '载入中' },
};

type Widened<T> = T extends string ? string : T extends (...values: infer Values) => string ? (...values: Values) => string : { [Key in keyof T]: Widened<T[Key]> };
export type Catalogue = Widened<typeof zhCN>;
