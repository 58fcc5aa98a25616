// Plays encrypted media with W3C Clear Key: by Encrypted Media Extensions alone, with shaka-player, with dash.js.
// Each function resolves to a function that ends playback and takes the keys away.
'use strict';

const KEY_SYSTEM = 'org.w3.clearkey';

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');

// Asks the license server. A refusal is JSON with a rule and a message.
async function ask(server, path, body) {
  const answer = await fetch(server + path, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
  if (!answer.ok) {
    const refusal = await answer.json();
    throw new Error(`${refusal.status} ${refusal.rule}: ${refusal.message}`);
  }
  return answer;
}

// The file as a whole in one source buffer: video and audio are multiplexed in it.
async function playWithEme(video, media, server, seen) {
  const codecs = 'video/mp4; codecs="avc1.64000d,mp4a.40.2"';
  const scheme = media.includes('cbcs') ? 'cbcs' : 'cenc';
  const access = await navigator.requestMediaKeySystemAccess(KEY_SYSTEM, [{
    initDataTypes: ['cenc'],
    videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.64000d"', encryptionScheme: scheme }],
    audioCapabilities: [{ contentType: 'audio/mp4; codecs="mp4a.40.2"', encryptionScheme: scheme }],
  }]);
  await video.setMediaKeys(await access.createMediaKeys());
  let session;
  const licensed = new Promise((resolve, reject) => {
    video.addEventListener('encrypted', async (event) => {
      if (session) return;
      session = video.mediaKeys.createSession();
      session.addEventListener('keystatuseschange', () => seen(session));
      session.addEventListener('message', (message) => {
        ask(server, '/clearkey', message.message)
          .then((answer) => answer.arrayBuffer())
          .then((license) => session.update(license))
          .then(resolve, reject);
      });
      session.generateRequest(event.initDataType, event.initData).catch(reject);
    });
  });
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
  const buffer = source.addSourceBuffer(codecs);
  const bytes = await (await fetch(`${media}.mp4`)).arrayBuffer();
  buffer.appendBuffer(bytes);
  await new Promise((resolve) => buffer.addEventListener('updateend', resolve, { once: true }));
  source.endOfStream();
  await licensed;
  return () => session.close();
}

function load(script) {
  return new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = script;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${script} cannot be loaded`));
    document.head.append(element);
  });
}

async function playWithShaka(video, media, server, seen) {
  if (!window.shaka) await load('shaka-player.js');
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  await player.attach(video);
  player.configure({ drm: { servers: { [KEY_SYSTEM]: `${server}/clearkey` }, retryParameters: { maxAttempts: 1 } } });
  const failed = new Promise((_, reject) => {
    player.addEventListener('error', (event) => reject(new Error(`shaka ${event.detail.code} ${event.detail.data}`)));
  });
  const keys = new Promise((resolve) => player.addEventListener('keystatuschanged', resolve, { once: true }));
  const describe = (error) => { throw error instanceof Error ? error : new Error(`shaka ${error.code} ${error.data}`); };
  await Promise.race([player.load(`${media}/manifest.mpd`).catch(describe), failed]);
  await Promise.race([keys, failed]);
  seen({ sessionId: 'of shaka-player', keyStatuses: new Map(Object.entries(player.getKeyStatuses())) });
  return () => player.destroy();
}

async function playWithDashjs(video, media, server, seen) {
  if (!window.dashjs) await load('dash.js');
  const player = dashjs.MediaPlayer().create();
  player.updateSettings({ debug: { logLevel: 0 }, streaming: { retryAttempts: { license: 0 } } });
  player.initialize();
  player.attachView(video);
  player.setAutoPlay(false);
  player.setProtectionData({ [KEY_SYSTEM]: { serverURL: `${server}/clearkey`, priority: 0 } });
  const licensed = new Promise((resolve, reject) => {
    player.on('public_keyStatusesChanged', (event) => {
      const of = event.data && (event.data.session || event.data);
      seen(of || { sessionId: 'of dash.js' });
      resolve();
    });
    player.on('error', (event) => reject(new Error(`dash.js ${event.error.code} ${event.error.message}`)));
    player.on('public_keyError', (event) => reject(new Error(`dash.js ${JSON.stringify(event.error)}`)));
  });
  player.attachSource(`${media}/manifest.mpd`);
  await licensed;
  return () => player.reset();
}

const players = { eme: playWithEme, shaka: playWithShaka, dashjs: playWithDashjs };
