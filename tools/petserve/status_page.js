'use strict';
// Shows /status.json, which it asks for once a second. What comes from there is text of plugins and
// storages: it becomes a text node or an attribute that holds text, and never markup.

const SVG = 'http://www.w3.org/2000/svg';
const STEPS = ['found', 'fetched', 'checked', 'tried', 'warm'];
const cards = new Map();  // by the model's name

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// Leaves the document alone where it says the same already: what has the focus keeps it.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setPill(node, kind, text) {
  node.className = node.className.replace(/ ?(good|bad|warn)\b/g, '') + (kind ? ' ' + kind : '');
  setText(node, text);
}

// ---- words ----

function clock(ms) {
  return new Date(ms).toLocaleTimeString([], {hour12: false});
}

function age(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return s + ' s';
  if (s < 3600) return Math.floor(s / 60) + ' min';
  if (s < 86400) return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
  return Math.floor(s / 86400) + ' d ' + Math.floor(s % 86400 / 3600) + ' h';
}

function duration(us) {
  if (us < 1000) return us.toPrecision(3).replace(/\.0+$/, '') + ' µs';
  if (us < 1e6) return (us / 1000).toPrecision(3) + ' ms';
  return (us / 1e6).toPrecision(3) + ' s';
}

function bytes(n) {
  return n < 1048576 ? Math.round(n / 1024) + ' KiB' : (n / 1048576).toFixed(n < 1e8 ? 1 : 0) + ' MiB';
}

function plural(n, word) {
  return n.toLocaleString('en') + ' ' + word + (n === 1 ? '' : 's');
}

function latency(l, part) {
  return l.calls ? duration(l[part]) : '–';
}

function moveTitle(move) {
  const what = {swap: 'became current', rollback: 'is back', rejection: 'was rejected'}[move.kind];
  return 'version ' + move.version + ' ' + (what || move.kind);
}

function moveText(move) {
  return clock(move.time_ms) + '  ' + moveTitle(move) + (move.text ? '\n' + move.text : '') +
      '\np50 ' + latency(move.before, 'p50_us') + ' → ' + latency(move.after, 'p50_us') +
      ', p99 ' + latency(move.before, 'p99_us') + ' → ' + latency(move.after, 'p99_us');
}

// ---- the tip: the whole of what is shown short, on hover and on focus ----

const tip = document.getElementById('tip');
const tips = new WeakMap();

function showTip(node) {
  const text = tips.get(node);
  if (!text) return;
  tip.textContent = text();
  tip.hidden = false;
  const at = node.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const below = at.bottom + 6;
  const top = below + size.height > innerHeight ? Math.max(4, at.top - size.height - 6) : below;
  const left = Math.min(Math.max(8, at.left + at.width / 2 - size.width / 2), innerWidth - size.width - 8);
  tip.style.top = top + 'px';
  tip.style.left = Math.max(8, left) + 'px';
}

function hideTip() {
  tip.hidden = true;
}

function withTip(node, text) {
  tips.set(node, text);
  node.setAttribute('tabindex', '0');
  node.setAttribute('aria-describedby', 'tip');
  node.addEventListener('mouseenter', () => showTip(node));
  node.addEventListener('mouseleave', hideTip);
  node.addEventListener('focus', () => showTip(node));
  node.addEventListener('blur', hideTip);
}

addEventListener('keydown', event => { if (event.key === 'Escape') hideTip(); });
addEventListener('scroll', hideTip, {passive: true});

// ---- a model's card ----

function newCard() {
  const card = document.getElementById('model').content.firstElementChild.cloneNode(true);
  document.getElementById('models').append(card);
  return {root: card, keys: {}, moves: [], at: selector => card.querySelector(selector)};
}

// Makes a part anew only when what it shows has changed.
function whenChanged(card, name, value, make) {
  const key = JSON.stringify(value);
  if (card.keys[name] === key) return;
  card.keys[name] = key;
  make();
}

function showVersion(card, model, now) {
  setText(card.at('h2'), model.name);
  const states = {ready: ['good', 'ready'], loading: ['warn', 'loading'], unloaded: ['', 'unloaded']};
  const [kind, word] = states[model.state] || ['', model.state];
  setPill(card.at('.state'), kind, word);
  const version = model.version;
  setText(card.at('.number'), version ? 'version ' + version.number : 'no version yet');
  setText(card.at('.since'), version ? 'since ' + clock(version.since_ms) + ', for ' +
      age(now - version.since_ms) + ' · ' + plural(version.calls, 'call') +
      (version.failures ? ', ' + version.failures + ' failed' : '') : '');
  whenChanged(card, 'classes', version && version.classes, () => {
    card.at('.classes').replaceChildren(...(version ? version.classes : []).map(clazz => {
      const item = element('li', '', clazz.name + ' ');
      item.append(element('code', '', clazz.hash ? clazz.hash.slice(0, 6) + '…' : 'built in'));
      withTip(item, () => clazz.name + '\n' + (clazz.hash || 'built in, behaviour ' + clazz.builtin) +
          (clazz.number ? '\nentry ' + clazz.number + ' of its log, ' + clazz.time : ''));
      return item;
    }));
  });
  const problem = card.at('.problem');
  problem.hidden = !model.problem;
  setText(problem, model.problem);
}

function showWays(card, model, now) {
  const candidate = model.candidate;
  card.at('.candidate').hidden = !candidate;
  if (candidate) {
    setText(card.at('.what'), 'version ' + candidate.version + ': ' + candidate.text);
    const reached = STEPS.indexOf(candidate.state);
    whenChanged(card, 'steps', candidate.state, () => {
      card.at('.steps').replaceChildren(...STEPS.map((step, i) =>
          element('li', i <= reached ? 'done' : '', step)));
    });
  }
  const draining = card.at('.draining');
  draining.hidden = model.draining.length === 0;
  const lines = model.draining.map(v => 'version ' + v.version + ': waiting for ' + plural(v.calls, 'call') +
      ' since ' + clock(v.since_ms) + ' (' + age(now - v.since_ms) + ')');
  whenChanged(card, 'draining', lines, () => {
    draining.replaceChildren(...lines.map(line => element('li', '', line)));
  });
}

function polyline(seconds, part, top) {
  let path = '';
  let drawn = false;
  seconds.forEach((second, i) => {
    const x = 60 - seconds.length + i + .5;
    if (second.calls) path += (drawn ? 'L' : 'M') + x + ' ' + (38 - 36 * second[part] / top).toFixed(2);
    drawn = second.calls > 0;
  });
  return path;
}

// What is below p99, a column for each second that had calls.
function area(seconds, top) {
  return seconds.map((second, i) => second.calls ? 'M' + (60 - seconds.length + i) + ' 40v' +
      (-2 - 36 * second.p99_us / top).toFixed(2) + 'h1V40z' : '').join('');
}

function showCharts(card, model) {
  const seconds = model.requests.seconds;
  const last = seconds.length ? seconds[seconds.length - 1] : {calls: 0};
  const recent = model.requests.recent;
  setText(card.at('.rate'), last.calls.toLocaleString('en') + '/s');
  setText(card.at('.latency'), recent.calls ? 'p50 ' + duration(recent.p50_us) + ' · p99 ' + duration(recent.p99_us) : '–');
  whenChanged(card, 'charts', seconds, () => {
    const most = Math.max(4, ...seconds.map(s => s.calls));
    const rates = card.at('.rates');
    rates.setAttribute('viewBox', '0 0 60 40');
    rates.setAttribute('aria-label', 'Requests in each of the last 60 seconds, at most ' + most);
    let all = '', failed = '';
    seconds.forEach((s, i) => {
      const x = 60 - seconds.length + i;
      const bar = n => 'M' + (x + .1) + ' 40v' + (-38 * n / most).toFixed(2) + 'h.8V40z';
      if (s.calls) all += bar(s.calls);
      if (s.failed) failed += bar(s.failed);
    });
    rates.replaceChildren(shape('path', {d: all, class: 'bars'}), shape('path', {d: failed, class: 'bars failed'}));
    const top = Math.max(1, ...seconds.map(s => s.calls ? s.p99_us : 0));
    const lines = card.at('.latencies');
    lines.setAttribute('viewBox', '0 0 60 40');
    lines.setAttribute('aria-label', 'p50 and p99 of the last 60 seconds, at most ' + duration(top));
    lines.replaceChildren(shape('path', {d: area(seconds, top), class: 'area'}),
                          shape('path', {d: polyline(seconds, 'p99_us', top), class: 'line p99'}),
                          shape('path', {d: polyline(seconds, 'p50_us', top), class: 'line p50'}));
  });
}

// ---- moves ----

const MARKS = {
  swap: 'M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0',
  rollback: 'M7 0L0 -7L-7 0L0 7z',
  rejection: 'M-5 -5L5 5M5 -5L-5 5',
};

function showTimeline(card) {
  const svg = card.at('.timeline');
  const moves = card.moves;
  svg.toggleAttribute('hidden', moves.length === 0);
  const width = svg.getBoundingClientRect().width || 320;
  const facts = moves.map(m => [m.time_ms, m.kind, m.version]);
  whenChanged(card, 'timeline', [width, facts], () => {
    const slot = Math.min(width / Math.max(moves.length, 1), 120);
    svg.setAttribute('viewBox', '0 0 ' + width + ' 74');
    const parts = [shape('line', {x1: 0, x2: slot * moves.length, y1: 24, y2: 24, class: 'rail'})];
    moves.forEach((move, i) => {
      const group = shape('g', {class: move.kind, role: 'img', transform: 'translate(' + slot * (i + .5) + ' 24)'});
      group.setAttribute('aria-label', moveText(move));
      group.append(shape('circle', {r: 15, class: 'halo'}), shape('path', {d: MARKS[move.kind] || MARKS.swap, class: 'mark'}));
      const name = shape('text', {y: 30, class: 'name'});
      name.textContent = 'v' + move.version;
      group.append(name);
      if (slot >= 58) {
        const time = shape('text', {y: 45});
        time.textContent = clock(move.time_ms);
        group.append(time);
      }
      withTip(group, () => moveText(card.moves[i] || move));
      parts.push(group);
    });
    svg.replaceChildren(...parts);
  });
}

function showMoves(card, model) {
  card.moves = model.moves;
  card.at('.none').hidden = model.moves.length > 0;
  card.at('.moves').hidden = model.moves.length === 0;
  showTimeline(card);
  const newest = model.moves.slice().reverse();
  whenChanged(card, 'moves', newest, () => {
    card.at('.moves tbody').replaceChildren(...newest.map(move => {
      const row = element('tr');
      const kind = element('td');
      kind.append(element('span', 'kind ' + move.kind, move.kind), ' v' + move.version);
      const cell = (label, part) => {
        const td = element('td', '', latency(move.before, part) + ' → ' + latency(move.after, part));
        td.dataset.label = label;
        return td;
      };
      row.append(element('td', '', clock(move.time_ms)), kind, cell('p50', 'p50_us'), cell('p99', 'p99_us'),
                 element('td', 'why', move.text));
      return row;
    }));
  });
  const rejected = card.at('.rejected');
  rejected.hidden = model.rejections.length === 0;
  whenChanged(card, 'rejections', model.rejections, () => {
    setText(card.at('.rejected summary'), 'Remembered as bad: ' + plural(model.rejections.length, 'binary').replace('binarys', 'binaries'));
    card.at('.rejected ul').replaceChildren(...model.rejections.map(r => {
      const item = element('li', '', r.class + ' ');
      item.append(element('code', '', r.hash), '\n' + r.reason + '\n' + r.time + (r.pipeline ? ', tried for ' + r.pipeline : ''));
      return item;
    }));
  });
}

// ---- all of it, once a second ----

function showService(service) {
  const state = document.getElementById('service-state');
  if (service.draining) setPill(state, 'warn', 'ending');
  else setPill(state, service.ready ? 'good' : 'bad', service.ready ? 'ready' : 'not ready');
  const facts = [['storage', service.storage], ['up', age(service.now_ms - service.started_ms)],
                 ['in flight', String(service.in_flight)], ['connections', String(service.connections)],
                 ['libraries', String(service.libraries)], ['memory', bytes(service.resident_bytes)],
                 ['version', service.version]];
  const list = document.getElementById('service-facts');
  if (list.children.length !== facts.length) {
    list.replaceChildren(...facts.map(([name]) => {
      const pair = element('div');
      pair.append(element('dt', '', name), element('dd'));
      return pair;
    }));
  }
  facts.forEach(([, value], i) => setText(list.children[i].lastChild, value));
}

function show(status) {
  showService(status.service);
  for (const model of status.models) {
    if (!cards.has(model.name)) cards.set(model.name, newCard());
    const card = cards.get(model.name);
    showVersion(card, model, status.service.now_ms);
    showWays(card, model, status.service.now_ms);
    showCharts(card, model);
    showMoves(card, model);
  }
  document.title = 'petserve: ' + status.models.map(m => m.name + (m.version ? ' v' + m.version.number : '')).join(', ');
}

async function poll() {
  const lost = document.getElementById('lost');
  try {
    const answer = await fetch('/status.json', {cache: 'no-store'});
    if (!answer.ok) throw new Error('status ' + answer.status);
    show(await answer.json());
    lost.hidden = true;
    document.body.classList.remove('lost');
  } catch (error) {
    lost.hidden = false;
    setText(lost, 'No answer from the service since ' + (lost.dataset.since = lost.dataset.since || clock(Date.now())) +
        ' (' + error.message + '). Asking again every second.');
    document.body.classList.add('lost');
    setPill(document.getElementById('service-state'), 'bad', 'unreachable');
  }
  if (lost.hidden) delete lost.dataset.since;
  setTimeout(poll, 1000);
}

addEventListener('resize', () => { for (const card of cards.values()) showTimeline(card); });
poll();
