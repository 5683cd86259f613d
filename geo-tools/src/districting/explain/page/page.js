'use strict';
// What a page does beside being read: shows a cell, moves over the map, turns the table, changes the language.
// Names come out of files: they are only ever set as text.

const KEYS = [
  'name', 'parent', 'weight', 'deviation', 'mean', 'units', 'compact', 'walk', 'ends', 'cells', 'parents', 'outer',
  'near', 'why', 'x', 'y', 'lineage',
];
const LANGUAGES = ['zh-CN', 'en'];
const byId = (id) => document.getElementById(id);
const cells = JSON.parse(byId('figures').textContent).map((row) =>
  Object.fromEntries(KEYS.map((key, at) => [key, row[at]])),
);
const map = byId('map');
const shapes = byId('shapes');
const whole = map.viewBox.baseVal;
const all = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };

let kept = null;
let shown = null;

const language = () => document.documentElement.lang;
const said = (texts) => (texts ? texts[LANGUAGES.indexOf(language())] : '');
const shapeOf = (at) => byId(`c${at}`);
const percent = (share) => `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(1)}%`;

function show(at) {
  shown = at;
  const cell = cells[at];
  byId('hint').hidden = true;
  byId('shown').hidden = false;
  const texts = {
    name: cell.name,
    why: said(cell.why),
    lineage: said(cell.lineage),
    parent: cell.parent ?? '–',
    weight: cell.weight,
    deviation: percent(cell.deviation),
    mean: cell.mean,
    units: cell.units,
    compact: cell.compact.toFixed(3),
    walk: cell.walk === null ? '–' : `${cell.walk} m (${cell.ends})`,
    cells: `${cell.cells} m`,
    parents: `${cell.parents} m`,
    outer: `${cell.outer} m`,
  };
  for (const [id, text] of Object.entries(texts)) byId(id).textContent = text;
  byId('why').hidden = !cell.why;
  byId('lineage').hidden = !cell.lineage;
  const near = [];
  for (let i = 0; i < cell.near.length; i += 2) {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'cell';
    button.dataset.cell = cell.near[i];
    button.textContent = cells[cell.near[i]].name;
    item.append(button, ` ${cell.near[i + 1]} m`);
    near.push(item);
  }
  byId('near').replaceChildren(...near);
}

// Drawn over all shapes, so that the whole of its border is seen.
function keep(at) {
  kept = at;
  byId('chosen').setAttribute('d', shapeOf(at)?.getAttribute('d') ?? '');
  show(at);
}

const cellAt = (target) =>
  target instanceof Element && target.parentNode === shapes ? Number(target.id.slice(1)) : null;

let stop = null;
function stopAt(at) {
  if (stop !== null) shapeOf(stop)?.setAttribute('tabindex', '-1');
  stop = at;
  const shape = shapeOf(at);
  shape.setAttribute('tabindex', '0');
  shape.setAttribute('role', 'button');
  shape.setAttribute('aria-label', `${cells[at].name} ${cells[at].weight} ${percent(cells[at].deviation)}`);
}

// The nearest cell in a direction: across counts twice, so that a key leads where it points.
function beside(at, right, down) {
  let best = null;
  let least = Infinity;
  cells.forEach((cell, other) => {
    const along = (cell.x - cells[at].x) * right + (cell.y - cells[at].y) * down;
    const across = Math.abs((cell.x - cells[at].x) * down + (cell.y - cells[at].y) * right);
    const far = along + 2 * across;
    if (other !== at && along > 0 && far < least && shapeOf(other)) [best, least] = [other, far];
  });
  return best;
}

const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

shapes.addEventListener('pointerover', (event) => {
  const at = cellAt(event.target);
  if (at !== null && event.pointerType === 'mouse') show(at);
});
shapes.addEventListener('pointerleave', () => {
  if (kept !== null) show(kept);
});
shapes.addEventListener('click', (event) => {
  const at = cellAt(event.target);
  if (at === null) return;
  stopAt(at);
  keep(at);
});
shapes.addEventListener('focusin', (event) => {
  const at = cellAt(event.target);
  if (at !== null) keep(at);
});
shapes.addEventListener('keydown', (event) => {
  const at = cellAt(event.target);
  if (at === null) return;
  const arrow = ARROWS[event.key];
  if (!arrow && event.key !== 'Enter' && event.key !== ' ') return;
  event.preventDefault();
  if (!arrow) return keep(at);
  const next = beside(at, ...arrow);
  if (next === null) return;
  stopAt(next);
  shapeOf(next).focus();
});

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('button');
  if (!button) return;
  const { cell, language: tag, zoom, sort } = button.dataset;
  if (cell !== undefined) {
    if (shapeOf(Number(cell))) stopAt(Number(cell));
    keep(Number(cell));
    map.scrollIntoView({ block: 'nearest' });
  }
  if (tag) speak(tag);
  if (zoom) look(zoom);
  if (sort) turn(Number(sort), button.parentNode);
});

function speak(tag) {
  document.documentElement.lang = tag;
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === tag));
  }
  if (shown !== null) show(shown);
}

function look(where) {
  const view = map.viewBox.baseVal;
  if (where === 'all') return Object.assign(view, all);
  const factor = where === 'in' ? 0.6 : 1 / 0.6;
  const width = Math.min(all.width, view.width * factor);
  const height = Math.min(all.height, view.height * factor);
  const to = kept === null ? { x: view.x + view.width / 2, y: view.y + view.height / 2 } : cells[kept];
  const within = (middle, part, most) => Math.max(0, Math.min(most - part, middle - part / 2));
  Object.assign(view, { x: within(to.x, width, all.width), y: within(to.y, height, all.height), width, height });
}

function turn(column, head) {
  const body = byId('table').tBodies[0];
  const isUp = head.getAttribute('aria-sort') !== 'ascending';
  for (const other of head.parentNode.children) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', isUp ? 'ascending' : 'descending');
  const value = (row) => row.cells[column].textContent;
  const compare = (a, b) =>
    column < 2 ? value(a).localeCompare(value(b), language(), { numeric: true }) : parseFloat(value(a)) - parseFloat(value(b));
  const rows = [...body.rows].sort((a, b) => (isUp ? compare(a, b) : compare(b, a)));
  body.append(...rows);
}

byId('show-moved')?.addEventListener('change', (event) => {
  byId('moved').toggleAttribute('hidden', !event.target.checked);
});

const first = shapes.firstElementChild;
if (first) stopAt(cellAt(first));
speak(language());
