import { createHash } from 'node:crypto';

/** Colours by name, light and dark. Written out in full: phones of 2015 do not know custom properties. */
const light = {
  paper: '#fff',
  ink: '#1a1b1d',
  second: '#54585e',
  third: '#676b72',
  line: '#e3e3df',
  sunken: '#f5f5f3',
  link: '#1f5fa8',
  ok: '#1f7a51',
  slow: '#8f6200',
  down: '#c6362c',
  unknown: '#c9c9c3',
  maintenance: '#5b5fc7',
  okWash: '#e8f4ee',
  slowWash: '#fdf3e1',
  downWash: '#fbe9e7',
  maintenanceWash: '#ececfa',
};
const dark: typeof light = {
  paper: '#121416',
  ink: '#eceef0',
  second: '#b3b9c0',
  third: '#959ca4',
  line: '#2a2f34',
  sunken: '#1a1e22',
  link: '#7db4f0',
  ok: '#4cc38a',
  slow: '#e0a73a',
  down: '#ff7a6e',
  unknown: '#4a5158',
  maintenance: '#9a9df0',
  okWash: '#14261e',
  slowWash: '#2a2213',
  downWash: '#2e1a18',
  maintenanceWash: '#1d1e33',
};

const colours = (c: typeof light): string => `body{color:${c.ink};background:${c.paper}}a{color:${c.link}}header,.say p,.none{color:${c.second}}header b{color:${c.ink}}
.say.ok{background:${c.okWash}}.say.slow{background:${c.slowWash}}.say.down{background:${c.downWash}}.say.mt{background:${c.maintenanceWash}}
.n,.n li,.c,footer{border-color:${c.line}}.do{background:${c.sunken}}time,small,footer{color:${c.third}}
.s.ok{color:${c.ok}}.s.slow,.n li b{color:${c.slow}}.s.down{color:${c.down}}.s.mt{color:${c.maintenance}}.n.end li b{color:${c.ok}}
path{stroke:${c.ok}}.b0{stroke-opacity:.6}.b1{stroke:${c.slow}}.b2{stroke:${c.down}}.b3{stroke:${c.unknown}}`;

const layout = `*{box-sizing:border-box;margin:0}body{font:16px/1.65 "Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",system-ui,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main,header,footer{max-width:760px;margin:0 auto;padding:0 20px}header{padding-top:26px;padding-bottom:18px;font-size:14px;overflow:hidden}header b{font-size:17px;float:left;margin-right:12px}nav{float:right;padding-top:2px}nav a{margin-left:14px}
.say{border-radius:10px;padding:20px 22px;margin:6px 0 30px}h1{font-size:22px;line-height:1.4;font-weight:650}.say p{margin-top:6px;font-size:15px}
h2{font-size:17px;margin:34px 0 10px}.n{border:1px solid;border-radius:10px;padding:18px 22px;margin-bottom:16px}h3{font-size:17px;line-height:1.5}.n ol{list-style:none;padding:0;margin-top:14px}.n li{border-left:2px solid;padding:0 0 16px 16px}.n li:last-child{padding-bottom:0}time{font-size:14px;margin-left:8px}.do{border-radius:8px;padding:10px 14px;margin-top:8px}
.t{white-space:pre-line;overflow-wrap:anywhere;word-wrap:break-word}.c{padding:13px 0;border-top:1px solid;overflow:hidden}.s{float:right;font-size:15px;font-weight:500;margin-left:12px}.c svg{display:block;width:100%;height:26px;margin-top:6px}path{stroke-width:5.5;fill:none}
small{display:block;font-size:12.5px;overflow:hidden;text-align:center}small i{font-style:normal}small i:first-child{float:left}small i:last-child{float:right}
summary{cursor:pointer;padding:2px 0 10px}footer{padding-top:26px;padding-bottom:46px;font-size:14px;border-top:1px solid;margin-top:40px}footer p+p{margin-top:6px}
@media(max-width:480px){main,header,footer{padding-left:16px;padding-right:16px}.say,.n{padding:16px}h1{font-size:20px}.c svg{height:22px}}`;

export const pageStyle = `${layout}${colours(light)}@media(prefers-color-scheme:dark){${colours(dark)}}`.replaceAll('\n', '');

/** Nothing but this very style sheet may be applied, and nothing may run or be loaded. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
