// The page: what is chosen is played, with the license, its clock and its end beside it.
'use strict';

const find = (id) => document.getElementById(id);
const log = (text) => { find('log').textContent += `${text}\n`; };
const parameters = new URLSearchParams(location.search);
// For photographs: how it went. The first outcome counts.
const post = (outcome) => fetch('result', { method: 'POST', body: JSON.stringify(outcome) });

function show(rows) {
  find('license').replaceChildren(...Object.entries(rows).flatMap(([name, value]) => {
    const [term, description] = [document.createElement('dt'), document.createElement('dd')];
    [term.textContent, description.textContent] = [name, value];
    return [term, description];
  }));
}

// What a license for the content would allow. Clear Key itself has no policy: this page keeps to it, as com.policyplay.drm
// does by itself.
async function policyOf(server, content) {
  const message = JSON.stringify({ content_id: btoa(content), parse_only: true });
  return (await (await ask(server, '/license', message)).json()).policy;
}

async function play(server, content, name) {
  const video = find('video');
  const policy = await policyOf(server, content);
  const end = await players[name](video, `media/${content}`, server, (session) => {
    const keys = [];
    if (session.keyStatuses) {
      session.keyStatuses.forEach((a, b) => {
        const [id, status] = typeof a === 'string' && !(b instanceof ArrayBuffer) ? [b, a] : [hex(b), a];
        keys.push(`${id} ${status}`);
      });
    }
    show({ content, 'keys': keys.join('\n'), 'policy': JSON.stringify(policy, (_, value) => value || undefined) });
  });
  const start = Date.now();
  const seconds = policy.license_duration_seconds;
  log(`license received; it ${seconds ? `ends in ${seconds} s` : 'has no end'}`);
  video.loop = true;
  await video.play();
  const tick = async () => {
    const passed = (Date.now() - start) / 1000;
    find('clock').value = seconds ? Math.min(passed / seconds, 1) : 0;
    find('state').textContent = seconds ? `${Math.max(seconds - passed, 0).toFixed(1)} s left` : 'without end';
    if (seconds && passed >= seconds) {
      video.pause();
      await end();
      find('state').textContent = 'over';
      log('the license is over: the keys are gone');
    } else {
      setTimeout(tick, 100);
    }
  };
  tick();
}

const form = find('choice');
form.server.value = parameters.get('server') || 'http://127.0.0.1:8443';
form.content.value = parameters.get('content') || 'cenc';
form.player.value = parameters.get('player') || 'eme';
form.addEventListener('submit', (event) => {
  event.preventDefault();
  play(form.server.value, form.content.value, form.player.value).catch((fault) => {
    log(`failed: ${fault.message}`);
    if (parameters.has('play')) post({ played: false, reason: fault.message });
  });
});
if (parameters.has('play')) {
  // For photographs: the page has loaded once this picture has, which comes after a while of playing.
  const picture = document.createElement('img');
  picture.src = 'hold';
  document.body.append(picture);
  form.requestSubmit();
  find('video').addEventListener('timeupdate', () => {
    if (find('video').currentTime > 1.5) post({ played: true });
  });
}
