/** The front page of the fictional service; it works by hand too: user demo, password 演示-demo. */
export const homePage = `<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>发票查询（演示，虚构）</title>
<style>
  body { font: 15px/1.6 system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; max-width: 560px; margin: 8vh auto; padding: 0 16px; color: #1c2430; background: #fbfbfc }
  mark { background: #fdf0d5; padding: 2px 8px; border-radius: 4px }
  form { display: grid; grid-template-columns: 6em 1fr; gap: 8px; align-items: center; margin: 16px 0 }
  input, button { font: inherit; padding: 6px 8px; border: 1px solid #c8ced8; border-radius: 6px; background: #fff }
  form button { grid-column: 2 }
  pre { background: #f0f2f5; padding: 12px; border-radius: 6px; white-space: pre-wrap }
</style>
<h1>发票查询</h1>
<p><mark>演示数据：本站与其中的发票均为虚构</mark></p>
<form id="login"><label for="user">用户</label><input id="user" value="demo"><label for="password">密码</label><input id="password" type="password" value="演示-demo">
<label for="captcha">验证码</label><span><input id="captcha" size="6" autocomplete="off"> <span id="picture"></span></span><button>登录</button></form>
<form id="query"><label for="number">发票号码</label><input id="number" value="26990000000000000001"><button>查询</button></form>
<pre id="answer" aria-live="polite">请先登录。</pre>
<script>
  const $ = (id) => document.getElementById(id);
  let captchaId = '', token = '';
  const ask = async (path, fields) => (await fetch(path, fields && { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer ' + token }, body: JSON.stringify(fields) })).json();
  const show = (reply) => { $('answer').textContent = JSON.stringify(reply, null, 2); };
  const draw = async () => { const { data } = await ask('/captcha'); captchaId = data.id; $('picture').innerHTML = data.image; };
  $('login').onsubmit = async (event) => { event.preventDefault(); const reply = await ask('/login', { user: $('user').value, password: $('password').value, captcha_id: captchaId, captcha: $('captcha').value }); token = reply.data?.token ?? ''; show(reply); await draw(); };
  $('query').onsubmit = async (event) => { event.preventDefault(); show(await ask('/query', { number: $('number').value })); };
  draw();
</script>
</html>
`;
