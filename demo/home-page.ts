/** The front page of the fictional service; it works by hand too: user demo, password 演示-demo. */
export const homePage = `<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>发票查询（演示，虚构）</title>
<style>
  body { font: 15px/1.6 system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; max-width: 560px; margin: 8vh auto; padding: 0 16px; color: #1c2430; background: #fbfbfc }
  mark { background: #fdf0d5; padding: 2px 8px; border-radius: 4px }
  form { display: grid; grid-template-columns: 6em 1fr; gap: 8px; align-items: center; margin: 16px 0 }
  input, button { font: inherit; padding: 6px 8px; border: 1px solid #c8ced8; border-radius: 6px; background: #fff }
  form button { grid-column: 2 }
  form span { display: flex; gap: 8px; align-items: center }
  table { border-collapse: collapse; width: 100% }
  th, td { border: 1px solid #c8ced8; padding: 6px 10px; text-align: left }
  th { width: 6em; background: #f0f2f5; font-weight: normal }
  #message { background: #f0f2f5; padding: 8px 12px; border-radius: 6px }
  [hidden] { display: none }
</style>
<h1>发票查询</h1>
<p><mark>演示数据：本站与其中的发票均为虚构</mark></p>
<form id="login"><label for="user">用户</label><input id="user" value="demo"><label for="password">密码</label><input id="password" type="password" value="演示-demo">
<label for="captcha">验证码</label><span><input id="captcha" size="6" autocomplete="off"> <img id="picture" alt="验证码图片" width="120" height="40"></span><button>登录</button></form>
<form id="query" hidden><label for="number">发票号码</label><input id="number" value="26990000000000000001"><button>查询</button></form>
<p id="message" data-code="" aria-live="polite">请先登录。</p>
<table id="invoice" hidden><caption>查询结果</caption><tbody></tbody></table>
<script>
  const $ = (id) => document.getElementById(id);
  const columns = { number: '发票号码', date: '开票日期', amount: '金额', tax: '税额', seller: '销售方', buyer: '购买方', kind: '票种', status: '状态' };
  let token = '';
  const ask = async (path, fields) => (await fetch(path, fields && { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer ' + token }, body: JSON.stringify(fields) })).json();
  const say = ({ code, message }) => { $('message').textContent = message + '（' + code + '）'; $('message').dataset.code = code; };
  const draw = async () => { const { data } = await ask('/captcha'); $('picture').src = 'data:image/svg+xml,' + encodeURIComponent(data.image); $('picture').dataset.id = data.id; };
  const list = (invoice) => {
    const rows = Object.entries(columns).map(([name, label]) => { const row = document.createElement('tr'); const head = document.createElement('th'); const cell = document.createElement('td'); head.textContent = label; cell.textContent = invoice?.[name] ?? ''; cell.dataset.field = name; row.append(head, cell); return row; });
    $('invoice').tBodies[0].replaceChildren(...rows);
    $('invoice').hidden = !invoice;
  };
  const sending = (form, send) => { $(form).onsubmit = async (event) => { event.preventDefault(); try { await send(); } catch { say({ code: '', message: '系统异常，请稍后再试' }); } }; };
  sending('login', async () => {
    const reply = await ask('/login', { user: $('user').value, password: $('password').value, captcha_id: $('picture').dataset.id, captcha: $('captcha').value });
    token = reply.data?.token ?? '';
    say(reply);
    $('login').hidden = token !== '';
    $('query').hidden = token === '';
    if (token === '') await draw();
  });
  sending('query', async () => { list(null); const reply = await ask('/query', { number: $('number').value }); say(reply); list(reply.data); });
  draw();
</script>
</html>
`;
