// Sends texts to the server and shows what it finds. Moving the threshold asks the server nothing; nothing is stored.
const byId = (id) => document.getElementById(id);
const { text_columns: TEXT_COLUMNS, texts_per_request: TEXTS_PER_REQUEST } = JSON.parse(byId("data").textContent);
const [LARGEST_FILE, MOST_TEXTS, WORDS_PER_PAGE, BLOCK, LABELS_NAMED] = [1_000_000, 10_000, 100, 2000, 20];
const ELSEWHERE = "For larger files: token_classification infer --input_file";
const state = { models: null, file: null, running: null, answers: [], words: [], labels: [], marks: [], hidden: 0, page: 0 };

// The server counts characters (code points), a string here counts halves of the rarer ones (UTF-16).
function placeCharacters(text) {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return (place) => place;
  const places = new Uint32Array(text.length + 1);
  let [place, length] = [0, 0];
  for (const character of text) {
    places[place] = length;
    place += 1;
    length += character.length;
  }
  places[place] = length;
  return (character) => places[character];
}

const amount = (many, one, more = `${one}s`) => `${count(many)} ${many === 1 ? one : more}`;

function say(message) {
  byId("status").textContent = message;
  byId("error").textContent = "";
}

function complain(message) {
  byId("status").textContent = "";
  byId("error").textContent = message;
}

// What the server is asked.

async function ask(path, body, signal) {
  const key = byId("key").value.trim();
  if (/[^!-~]/.test(key)) throw new Error("No API key has such characters; accepted are ASCII letters, digits and punctuation.");
  const headers = { ...(body && { "Content-Type": "application/json" }), ...(key && { Authorization: `Bearer ${key}` }) };
  let response;
  try {
    response = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal, credentials: "omit", cache: "no-store" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error("The server can't be reached. Is it still running?");
  }
  if (response.ok) return response.json();
  if (response.status === 401) {
    byId("key-field").hidden = false;
    byId("key").focus();
    throw new Error(key ? "The server does not accept this API key." : "The server asks for its API key.");
  }
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.error ?? `The server answered ${response.status} ${response.statusText}.`);
}

async function loadModels() {
  const { models } = await ask("v1/models");
  state.models = models;
  byId("model").replaceChildren(...models.map(({ name }) => make("option", { value: name }, name)));
  byId("model-field").hidden = models.length === 1;
  describeModel();
}

const chooseModel = () => state.models.find(({ name }) => name === byId("model").value);

function describeModel() {
  const { name, labels } = chooseModel();
  const more = labels.length > LABELS_NAMED ? `, and ${labels.length - LABELS_NAMED} more` : "";
  byId("about").textContent = `${name}: ${labels.slice(0, LABELS_NAMED).join(", ")}${more}`;
}

async function tag() {
  if (state.running) return;
  const { file } = state; // the user may close it before the answer is here
  const texts = file ? file.texts : [byId("text").value];
  if (!file && !texts[0].trim()) {
    byId("text").focus();
    complain("There is no text yet. Paste one, or open a file.");
    return;
  }
  const { signal } = (state.running = new AbortController());
  showRunning(true);
  say("Asking the server …");
  try {
    if (!state.models) await loadModels();
    const model = chooseModel();
    const began = performance.now();
    const answers = [];
    for (let start = 0; start < texts.length; start += TEXTS_PER_REQUEST) {
      if (texts.length > TEXTS_PER_REQUEST) say(`${count(start)} of ${count(texts.length)} texts …`);
      const part = texts.slice(start, start + TEXTS_PER_REQUEST);
      const { results } = await ask("v1/entities", { model: model.name, texts: part, words: true }, signal);
      part.forEach((text, place) => answers.push(readAnswer(results[place], text, file && file.lines[start + place])));
    }
    show(answers, model.labels);
    const seconds = ((performance.now() - began) / 1000).toFixed(2);
    say(`${amount(state.marks.length, "entity", "entities")} in ${amount(state.words.length, "word")}, ${seconds} s.`);
  } catch (error) {
    if (signal.aborted) say("Cancelled.");
    else complain(error.message);
  } finally {
    state.running = null;
    showRunning(false);
  }
}

function showRunning(isRunning) {
  byId("tag").setAttribute("aria-disabled", String(isRunning));
  byId("cancel").hidden = !isRunning;
}

// A text with its line in a file, its words and its entities; `from` and `to` are places of the string.
function readAnswer({ entities, words }, sent, line) {
  const text = typeof sent === "string" ? sent : sent.join(" ");
  const place = placeCharacters(text);
  const placed = entities.map((entity) => ({ ...entity, from: place(entity.start), to: place(entity.end) }));
  if (placed.some((entity) => text.slice(entity.from, entity.to) !== entity.text)) {
    throw new Error("The places in the server's answer are not those of this text. Is something between this page and the server that changes texts?");
  }
  return { text, line, words, entities: placed };
}

// Files.

async function openFile(file) {
  const isLines = /\.jsonl$/i.test(file.name);
  if (!isLines && !/\.txt$/i.test(file.name)) throw new Error(`${file.name}: accepted are .txt and .jsonl files.`);
  if (file.size > LARGEST_FILE) {
    throw new Error(`${file.name} has ${count(file.size)} bytes; accepted are ${count(LARGEST_FILE)} at most. ${ELSEWHERE}`);
  }
  const content = decode(await file.arrayBuffer(), file.name);
  showFile(isLines ? readLines(content, file.name) : null);
  if (!isLines) byId("text").value = content;
  say(`${file.name}: ${isLines ? amount(state.file.texts.length, "text") : amount([...byId("text").value].length, "character")}.`);
  byId("tag").focus();
}

function decode(bytes, name) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${name} is not UTF-8; save it as UTF-8.`);
  }
}

function readLines(content, name) {
  const file = { name, texts: [], lines: [] };
  content.split("\n").forEach((line, number) => {
    if (!line.trim()) return;
    file.texts.push(readLine(line, `${name}:${number + 1}`));
    file.lines.push(number + 1);
  });
  if (file.texts.length > MOST_TEXTS) throw new Error(`${name} has ${count(file.texts.length)} texts; accepted are ${count(MOST_TEXTS)} at most. ${ELSEWHERE}`);
  if (!file.texts.length) throw new Error(`${name} is empty; accepted is one JSON object per line.`);
  return file;
}

function readLine(line, place) {
  let record;
  try {
    record = JSON.parse(line);
  } catch {
    throw new Error(`${place}: not JSON; accepted is one object per line, with "${TEXT_COLUMNS.join('" or "')}".`);
  }
  const column = TEXT_COLUMNS.find((name) => Object.hasOwn(record ?? {}, name));
  const text = record?.[column];
  if (typeof text === "string" || (Array.isArray(text) && text.every((word) => typeof word === "string"))) return text;
  throw new Error(`${place}: no text; accepted is an object with "${TEXT_COLUMNS.join('" or "')}" (a text, or a list of words).`);
}

function showFile(file) {
  state.file = file;
  byId("text-field").hidden = file !== null;
  byId("file-field").hidden = file === null;
  byId("file-name").textContent = file ? `${file.name}, ${amount(file.texts.length, "text")}` : "";
}

// What was found.

function show(answers, labels) {
  Object.assign(state, { answers, labels, marks: [], hidden: 0, page: 0 });
  state.words = answers.flatMap(({ words, line }) => words.map((word) => ({ ...word, line })));
  byId("texts").replaceChildren(isFile(answers) ? make("ol", { class: "rows" }, ...answers.map(drawRow)) : drawText(answers[0]));
  state.marks.sort((one, other) => one.score - other.score);
  byId("result").hidden = false;
  applyThreshold();
  if (byId("words").open) drawWords();
}

const isFile = ([answer]) => answer.line !== null;
const drawRow = (answer) => make("li", { class: "row" }, make("div", { class: "what" }, `line ${count(answer.line)}`), drawText(answer));

// A long text is drawn in blocks, of which the browser lays out those in view. They end at the end of a line, in a very
// long line at a blank, and never in an entity.
function listBlockEnds(text, entities) {
  const ends = [];
  let [start, next] = [0, 0];
  while (text.length - start > BLOCK) {
    const near = ["\n", " "].map((mark) => text.indexOf(mark, start + BLOCK) + 1).find((place) => place > 0 && place < start + 3 * BLOCK);
    let end = near ?? start + BLOCK;
    while (next < entities.length && entities[next].to <= end) next += 1;
    if (next < entities.length && entities[next].from < end) end = entities[next].to;
    else if (/[\udc00-\udfff]/.test(text[end])) end += 1;
    ends.push(end);
    start = end;
  }
  return [...ends, text.length];
}

function drawText({ text, entities }) {
  let [place, next] = [0, 0];
  const blocks = listBlockEnds(text, entities).map((end) => {
    const block = make("div", { class: "block" });
    for (; next < entities.length && entities[next].from < end; next += 1) {
      block.append(text.slice(place, entities[next].from), drawMark(text, entities[next]));
      place = entities[next].to;
    }
    block.append(text.slice(place, end));
    place = end;
    return block;
  });
  return make("div", { class: "text" }, ...blocks);
}

function drawMark(text, { from, to, label, score }) {
  // Cut, not rounded: an entity of 0.796 is not shown from 0.80 on, so it must not say 0.80.
  const said = (Math.floor(score * 100 + 1e-9) / 100).toFixed(2);
  const element = make("span", { class: "mark", dir: "auto", title: `${label}, score ${score.toFixed(4)}`, "data-label": label, "data-score": said, "--p": hueOf(label, state.labels) }, text.slice(from, to));
  state.marks.push({ element, label, score });
  return element;
}

const isShown = ({ score }) => score >= Number(byId("threshold").value);

// Marks are in the order of their scores, so only those that come or go are touched.
function applyThreshold() {
  const { marks } = state;
  while (state.hidden < marks.length && !isShown(marks[state.hidden])) marks[state.hidden++].element.classList.add("off");
  while (state.hidden > 0 && isShown(marks[state.hidden - 1])) marks[--state.hidden].element.classList.remove("off");
  byId("shown").textContent = `${Number(byId("threshold").value).toFixed(2)}: ${count(marks.length - state.hidden)} of ${amount(marks.length, "entity", "entities")}`;
  const shown = new Map(state.labels.map((label) => [label, 0]));
  marks.forEach(({ label }, place) => place >= state.hidden && shown.set(label, shown.get(label) + 1));
  byId("types").replaceChildren(...[...shown].filter(([, many]) => many).map(([label, many]) =>
    make("span", { class: "key", "--p": hueOf(label, state.labels) }, `${label} ${count(many)}`)));
}

function drawWords() {
  const { words, answers, page } = state;
  const pages = Math.max(1, Math.ceil(words.length / WORDS_PER_PAGE));
  const hasLines = isFile(answers);
  const rows = words.slice(page * WORDS_PER_PAGE, (page + 1) * WORDS_PER_PAGE).map(({ line, text, tag: found, score }) =>
    cells([make("bdi", {}, text), found, score.toFixed(4), ...(hasLines ? [`line ${count(line)}`] : [])]));
  byId("words-table").replaceChildren(table(headings(["word", "tag", "score", ...(hasLines ? ["text"] : [])]), rows));
  byId("words-place").textContent = `page ${count(page + 1)} of ${count(pages)}`;
  byId("words-back").disabled = page === 0;
  byId("words-next").disabled = page === pages - 1;
}

// Copies hold what is shown: a word of an entity below the threshold has the tag O.

function writeJson() {
  const rows = state.answers.map(({ text, entities }) => ({
    text, entities: entities.filter(isShown).map(({ start, end, label, score, text: said }) => ({ start, end, label, score, text: said })) }));
  return JSON.stringify(isFile(state.answers) ? rows : rows[0], null, 2) + "\n";
}

function writeConll() {
  return state.answers.map(({ entities, words }) => {
    const shown = entities.filter(isShown);
    let next = 0;
    return words.map(({ start, tag: found, text }) => {
      while (next < shown.length && shown[next].end <= start) next += 1;
      const isInside = next < shown.length && shown[next].start <= start;
      return `${text.replace(/[\t\n\r]/g, " ")}\t${isInside ? found : "O"}\n`;
    }).join("") + "\n";
  }).join("");
}

async function copy(text, name) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyWithSelection(text); // browsers keep the clipboard from pages that came over plain HTTP from another machine
  say(`Copied as ${name}: ${byId("shown").textContent}.`);
}

function copyWithSelection(text) {
  const area = make("textarea", { "aria-hidden": "true" });
  const focused = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused.focus();
  if (!isCopied) throw new Error("The browser does not let this page copy.");
}

// What the user does.

const orComplain = (action) => action.catch((error) => complain(error.message));
const openOne = (files) => orComplain(files.length === 1 ? openFile(files[0]) : Promise.reject(new Error("Accepted is one file at a time.")));
const turn = (pages) => { state.page += pages; drawWords(); };
const hasFiles = (event) => [...event.dataTransfer.types].includes("Files");
let isFrameAsked = false;

const actions = {
  "form submit": (event) => { event.preventDefault(); tag(); },
  "cancel click": () => state.running?.abort(),
  "open-file click": () => byId("file").click(),
  "file change": ({ target }) => { if (target.files.length) openOne(target.files).then(() => { target.value = ""; }); },
  "close-file click": () => { showFile(null); byId("text").focus(); },
  "model change": () => { describeModel(); if (!byId("result").hidden) tag(); },
  "key change": () => state.models || orComplain(loadModels().then(() => say("The server accepts the API key."))),
  "threshold input": () => {
    if (isFrameAsked) return;
    isFrameAsked = true;
    requestAnimationFrame(() => { isFrameAsked = false; applyThreshold(); });
  },
  "copy-json click": () => orComplain(copy(writeJson(), "JSON")),
  "copy-conll click": () => orComplain(copy(writeConll(), "CoNLL")),
  "words toggle": () => byId("words").open && drawWords(),
  "words-back click": () => turn(-1),
  "words-next click": () => turn(1),
};
for (const [name, action] of Object.entries(actions)) byId(name.split(" ")[0]).addEventListener(name.split(" ")[1], action);

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); tag(); }
  else if (event.key === "Escape") state.running?.abort();
});
document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  document.body.classList.add("drop");
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("drop"); });
document.addEventListener("drop", (event) => {
  document.body.classList.remove("drop");
  if (!hasFiles(event)) return;
  event.preventDefault();
  openOne(event.dataTransfer.files);
});
orComplain(loadModels());
