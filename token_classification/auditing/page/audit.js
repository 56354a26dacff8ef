// Draws the page from the JSON in #data, and keeps the decisions.
const audit = JSON.parse(document.getElementById("data").textContent);
const { candidates, types, rows } = audit;
const PAGE_LENGTH = 50;
const CHOICES = { accept: ["a", "take the suggestion"], reject: ["r", "keep the label"], edit: ["e", "change it"] };
const state = { page: 0, now: 0, isSaved: true };
const tools = {};
const ofSentence = new Map();
for (const one of candidates) ofSentence.set(one.sentence, [...(ofSentence.get(one.sentence) ?? []), one]);

const isPlain = audit.prefixes === null;
const byStart = (one, other) => one.start - other.start;
const isSame = (one, other) => one.type === other.type && one.start === other.start && one.end === other.end;
const resultOf = (one) => ({ accept: one.suggestion, reject: one.label, edit: one.entities }[one.decision] ?? one.label);

// The entities of a sentence with what was decided about it.
function entitiesOf(row, without = null) {
  const entities = rows[row].entities;
  const own = ofSentence.get(row);
  const kept = entities.filter((entity) => !own.some((one) => one.label.some((label) => isSame(label, entity))));
  return [...kept, ...own.filter((one) => one !== without).flatMap(resultOf)].sort(byStart);
}

// As `spell_sentence` and `respell` do it; the prefixes come from there.
function spell(row) {
  const { tags, entities: before } = rows[row];
  const after = entitiesOf(row);
  if (isPlain) {
    const named = new Map(after.map((entity) => [entity.start, entity.type]));
    return tags.map((tag, place) => named.get(place) ?? tag);
  }
  const spelt = tags.map(() => "O");
  const [first, inner, last, single] = audit.prefixes;
  after.forEach((entity, number) => {
    const name = (prefix) => (audit.bare && entity.type === "_" ? prefix : `${prefix}-${entity.type}`);
    for (let place = entity.start; place < entity.end; place += 1) {
      const isFirst = place === entity.start, isLast = place === entity.end - 1;
      spelt[place] = name(isFirst && isLast ? single : isFirst ? first : isLast ? last : inner);
    }
    const left = after[number - 1];
    if (audit.scheme === "iob1" && left && left.type === entity.type && left.end === entity.start) spelt[entity.start] = name("B");
  });
  const owners = (entities) => tags.map((_, place) => entities.find((entity) => entity.start <= place && place < entity.end) ?? null);
  const [old, made] = [owners(before), owners(after)];
  const isChanged = tags.map((_, place) => (old[place] && made[place] ? !isSame(old[place], made[place]) : old[place] !== made[place]));
  return tags.map((tag, place) => (isChanged[place] || (place && isChanged[place - 1]) ? spelt[place] : tag));
}

function correctText() {
  const lines = audit.text.split("\n");
  const changed = new Set(candidates.filter((one) => one.decision && one.decision !== "reject").map((one) => one.sentence));
  for (const row of changed) {
    const { tags, slots } = rows[row];
    spell(row).forEach((tag, place) => {
      if (tag === tags[place]) return;
      const [line, before, behind] = slots[place];
      const mark = lines[line].startsWith("\ufeff") && !before.startsWith("\ufeff") ? "\ufeff" : "";
      lines[line] = mark + before + tag + behind + (lines[line].endsWith("\r") ? "\r" : "");
    });
  }
  return lines.join("\n");
}

function collectDecisions() {
  const decided = candidates.filter((one) => one.decision !== null);
  return JSON.stringify({ file: audit.file, sha256: audit.sha256, candidates: decided }, null, 2) + "\n";
}

function save(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(address);
}

function saveDecisions() {
  save("decisions.json", collectDecisions(), "application/json");
  state.isSaved = true;
}

// Where the entities of a candidate may reach: up to what else is labelled, or up for a decision.
function findBounds(one) {
  const others = [...entitiesOf(one.sentence, one), ...ofSentence.get(one.sentence).filter((other) => other !== one)];
  return {
    low: Math.max(0, ...others.filter((other) => other.end <= one.start).map((other) => other.end)),
    high: Math.min(rows[one.sentence].words.length, ...others.filter((other) => other.start >= one.end).map((other) => other.start)),
  };
}

function decide(one, choice) {
  one.decision = one.decision === choice && choice !== "edit" ? null : choice;
  if (choice === "edit" && one.entities === null) {
    const copied = one.suggestion.length ? one.suggestion : one.label;
    one.entities = copied.map((entity) => ({ ...entity }));
  }
  state.isSaved = false;
  redraw(one);
}

function move(one, entity, side, by) {
  const { low, high } = findBounds(one);
  const moved = { ...entity, [side]: entity[side] + by };
  const others = one.entities.filter((other) => other !== entity);
  const isFree = low <= moved.start && moved.start < moved.end && moved.end <= high &&
    others.every((other) => other.end <= moved.start || moved.end <= other.start);
  if (!isFree) return;
  entity[side] = moved[side];
  state.isSaved = false;
  redraw(one);
}

function addEntity(one) {
  const { low, high } = findBounds(one);
  const isFree = (place) => one.entities.every((entity) => place < entity.start || entity.end <= place);
  const places = Array.from({ length: high - low }, (_, number) => low + number).filter(isFree);
  const place = places.find((number) => number >= one.start) ?? places[0];
  if (place === undefined) return;
  one.entities.push({ type: types[0], start: place, end: place + 1 });
  one.entities.sort(byStart);
  state.isSaved = false;
  redraw(one);
}

const sayWords = (one, { start, end }) => rows[one.sentence].words.slice(start, end).join(" ");
const drawEntity = (one, entity) =>
  make("span", { class: "mark", "--g": hueOf(entity.type, types) }, sayWords(one, entity), make("b", {}, entity.type));
const drawSide = (one, name, title, entities) =>
  make("div", { class: `side ${name}` }, make("span", { class: "quiet" }, title),
    make("span", {}, ...(entities.length ? entities.map((entity) => drawEntity(one, entity)) : ["nothing"])));

function drawEditor(one, entity) {
  const button = (title, label, by) => make("button", { type: "button", "aria-label": label, onclick: by }, title);
  const choice = make("select", { "aria-label": "type", onchange: (event) => { entity.type = event.target.value; state.isSaved = false; redraw(one); } },
    ...types.map((type) => make("option", { value: type, ...(type === entity.type ? { selected: "" } : {}) }, type)));
  const edges = isPlain ? [] : [
    button("⇤", "start one word earlier", () => move(one, entity, "start", -1)), button("⇥", "start one word later", () => move(one, entity, "start", 1)),
    make("span", {}, sayWords(one, entity)),
    button("⇤", "end one word earlier", () => move(one, entity, "end", -1)), button("⇥", "end one word later", () => move(one, entity, "end", 1)),
    button("remove", "remove the entity", () => { one.entities = one.entities.filter((other) => other !== entity); state.isSaved = false; redraw(one); }),
  ];
  return make("div", { class: "choices" }, choice, ...edges);
}

function drawCandidate(one) {
  const { words } = rows[one.sentence];
  const text = make("div", { class: "text" }, words.slice(0, one.start).join(" "), one.start ? " " : "",
    make("span", { class: "region" }, words.slice(one.start, one.end).join(" ")), one.end < words.length ? " " : "", words.slice(one.end).join(" "));
  const buttons = Object.entries(CHOICES).map(([choice, [key, title]]) =>
    make("button", { type: "button", title, "aria-pressed": String(one.decision === choice), onclick: () => decide(one, choice) }, `${choice} `, make("kbd", {}, key)));
  const edited = one.decision === "edit" ? [drawSide(one, "entities", "instead", one.entities), ...one.entities.map((entity) => drawEditor(one, entity)),
    ...(isPlain ? [] : [make("div", { class: "choices" }, make("button", { type: "button", onclick: () => addEntity(one) }, "add an entity"))])] : [];
  return make("li", { class: `row ${one.decision ?? ""}`, id: `candidate-${one.number}` },
    make("div", { class: "what" }, make("div", {}, make("b", {}, one.score.toFixed(2)), ` ${one.kind}`), make("div", {}, `probability ${one.probability.toFixed(3)}`), make("div", {}, `line ${count(one.line)}`)),
    make("div", {}, text, drawSide(one, "label", "label", one.label), drawSide(one, "suggestion", "suggestion", one.suggestion), ...edited,
      make("div", { class: "choices" }, ...buttons)));
}

function redraw(one) {
  document.getElementById(`candidate-${one.number}`).replaceWith(drawCandidate(one));
  mark(false);
  showStatus();
}

function showStatus() {
  const decided = candidates.filter((one) => one.decision !== null).length;
  tools.status.textContent = `${count(decided)} of ${count(candidates.length)} decided`;
}

function mark(scroll) {
  [...tools.list.children].forEach((row, place) => row.classList.toggle("now", place === state.now));
  if (scroll) tools.list.children[state.now]?.scrollIntoView({ block: "nearest" });
}

function show() {
  const start = state.page * PAGE_LENGTH;
  tools.list.replaceChildren(...candidates.slice(start, start + PAGE_LENGTH).map(drawCandidate));
  const pages = Math.max(1, Math.ceil(candidates.length / PAGE_LENGTH));
  tools.place.textContent = `page ${count(state.page + 1)} of ${count(pages)}`;
  tools.back.disabled = state.page === 0;
  tools.next.disabled = state.page === pages - 1;
  mark(true);
  showStatus();
}

function turn(by, now) {
  const page = state.page + by;
  if (page < 0 || page * PAGE_LENGTH >= candidates.length) return;
  Object.assign(state, { page, now });
  show();
}

function step(by) {
  const now = state.now + by;
  if (now >= tools.list.children.length) turn(1, 0);
  else if (now < 0) turn(-1, PAGE_LENGTH - 1);
  else { state.now = now; mark(true); }
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "SELECT"].includes(event.target.tagName)) return;
  const one = candidates[state.page * PAGE_LENGTH + state.now];
  const choice = Object.keys(CHOICES).find((name) => CHOICES[name][0] === event.key);
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (choice && one) { decide(one, choice); if (choice !== "edit" && one.decision) step(1); }
}

function draw() {
  document.title = `Label audit of ${audit.name}`;
  document.getElementById("head").append(make("h1", {}, audit.name), make("p", { class: "quiet" },
    `${audit.file}: ${count(audit.sentences)} sentences, ${count(audit.entities)} ${isPlain ? "tags" : "entities"}; models of ${audit.encoder} ` +
    `that had not seen them contradict ${count(candidates.length)} places. The most surely wrong ones come first.`));
  const button = (title, by) => make("button", { type: "button", onclick: by }, title);
  tools.status = make("span", { class: "small", role: "status" });
  tools.place = make("span", { class: "small quiet" });
  [tools.back, tools.next] = [button("← previous", () => turn(-1, 0)), button("next →", () => turn(1, 0))];
  tools.list = make("ol", { class: "rows", onclick: (event) => {
    const row = event.target.closest(".row");
    if (row) { state.now = [...tools.list.children].indexOf(row); mark(false); }
  } });
  const keys = [["a", "accept"], ["r", "reject"], ["e", "edit"], ["j", "next"], ["k", "previous"]];
  document.getElementById("candidates").append(
    make("p", { class: "quiet small" }, ...keys.flatMap(([key, title]) => [make("kbd", {}, key), ` ${title}   `]),
      audit.text === null ? "This page can't correct a file of this kind or size: save the decisions, and apply them with --apply." : ""),
    make("div", { class: "tools" }, tools.status, button("Save decisions.json", saveDecisions),
      audit.text === null ? null : button(`Save ${audit.name}`, () => save(audit.name, correctText(), "text/plain"))),
    make("div", { class: "pages" }, tools.back, tools.place, tools.next), tools.list);
  document.addEventListener("keydown", press);
  addEventListener("beforeunload", (event) => { if (!state.isSaved) event.preventDefault(); });
  show();
}

draw();
