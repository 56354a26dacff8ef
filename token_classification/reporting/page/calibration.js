const report = JSON.parse(document.getElementById("data").textContent);
const share = (value) => (100 * value).toFixed(1);
const SIZE = 300, LEFT = 40, TOP = 10, SIDE = 240;
const x = (value) => LEFT + SIDE * value;
const y = (value) => TOP + SIDE * (1 - value);

function svg(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

// A square from 0 to 1 on both axes.
function drawSquare(title, across, up, shapes) {
  const picture = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE - 5}`, role: "img", "aria-label": title });
  picture.append(svg("rect", { x: x(0), y: y(1), width: SIDE, height: SIDE, class: "frame" }));
  for (const value of [0, 0.5, 1]) {
    picture.append(svg("text", { x: x(value), y: y(0) + 15, "text-anchor": "middle" }, String(value)),
      svg("text", { x: x(0) - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)));
  }
  picture.append(svg("text", { x: x(0.5), y: y(0) + 32, "text-anchor": "middle" }, across),
    svg("text", { x: 10, y: y(0.5), transform: `rotate(-90 10 ${y(0.5)})`, "text-anchor": "middle" }, up), ...shapes);
  return make("figure", { class: "picture" }, make("h3", {}, title), picture);
}

function drawReliability(title, { bins, count: all }) {
  const dots = bins.map((bin) => {
    const dot = svg("circle", { cx: x(bin.score), cy: y(bin.right), r: 2 + 9 * Math.sqrt(bin.count / all) });
    dot.append(svg("title", {}, `${count(bin.count)}: score ${bin.score.toFixed(3)}, right ${bin.right.toFixed(3)}`));
    return dot;
  });
  const ideal = svg("line", { x1: x(0), y1: y(0), x2: x(1), y2: y(1), class: "ideal" });
  return drawSquare(title, "mean score", "share that is right", [ideal, ...dots]);
}

const within = (score, digits) => `${score.value.toFixed(digits)} (${score.low.toFixed(digits)} to ${score.high.toFixed(digits)})`;

function showReliability(name) {
  const { before, after } = report[name];
  const rows = [["as the model gives them", before], ["calibrated, on data not fitted on", after]].map(([title, row]) =>
    cells([title, count(row.count), within(row.ece, 3), within(row.brier, 4), row.auc === null ? "–" : row.auc.toFixed(3)]));
  document.getElementById(name).append(
    table(headings(["scores", "number", "ECE (95 % interval)", "Brier (95 % interval)", "AUC"]), rows),
    make("div", { class: "pictures" }, drawReliability("Before", before), drawReliability("After", after)));
}

function showPoints() {
  const rows = Object.entries(report.points).flatMap(([name, point]) => point.notes.rows.map((row) => cells([
    name, row.of ?? "all", row.target === null ? "best F1" : `${point.notes.kind} ≥ ${row.target}`,
    row.bound === null ? "–" : share(row.bound), share(row.precision), share(row.recall),
    row.proposed == null ? row.threshold.toFixed(3) : `0, beside the tags ${row.proposed.toFixed(3)}`])));
  const path = report.curve.map(([, precision, recall], place) => `${place ? "L" : "M"}${x(recall).toFixed(1)} ${y(precision).toFixed(1)}`).join("");
  const marks = Object.entries(report.points).flatMap(([name, point]) => point.notes.rows.filter((row) => row.of === null).flatMap((row) => [
    svg("circle", { cx: x(row.recall), cy: y(row.precision), r: 5 }),
    svg("text", { x: x(row.recall) + 8, y: y(row.precision) - 6 }, name)]));
  const border = [svg("line", { x1: x(report.tagged), y1: y(0), x2: x(report.tagged), y2: y(1), class: "ideal" }),
    svg("text", { x: x(report.tagged) + 4, y: y(1) + 14 }, "all tags")];
  const { count: proposed, right } = report.proposals;
  document.getElementById("points").append(
    table(headings(["point", "entities", "kept", "at least (95 % confidence)", "precision here", "recall here", "threshold"]), rows),
    make("div", { class: "pictures" }, drawSquare("Precision and recall by threshold", "recall", "precision", [...border, svg("path", { d: path, class: "curve" }), ...marks])),
    ...(proposed ? [make("p", { class: "quiet" }, `The tags find ${share(report.tagged)} % of the entities. Beside them ${count(proposed)} more can be proposed, of which ${count(right)} are right.`)] : []));
}

function showTypes() {
  const rows = Object.entries(report.types).map(([name, row]) =>
    cells([name, count(row.gold), count(row.predicted), count(row.right), row.own_map ? "its own" : "that of all"]));
  document.getElementById("types").append(table(headings(["type", "in gold", "found", "right", "map"]), rows));
}

document.getElementById("head").append(make("h1", {}, `Scores on ${report.data.source}`),
  make("p", { class: "quiet" }, `${count(report.data.sentences)} sentences, ${report.backend}, ${report.decoder}; map: ${report.method}`));
showReliability("entities");
showPoints();
showTypes();
showReliability("words");
