"use strict";
// What the scripts of all pages share. Text from data only ever becomes text nodes and attributes.

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("--")) element.style.setProperty(key, value);
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const count = (number) => number.toLocaleString("en");
// Neighbours in the list of types get colours far from each other.
const hueOf = (type, types) => String(Math.round((types.indexOf(type) * 137.5 + 210) % 360));

const table = (head, body, kind = "table") =>
  make("div", { class: "wide" }, make("table", { class: kind }, make("thead", {}, head), make("tbody", {}, ...body)));
const heading = (title, kind = "") => make("th", { scope: "col", class: kind }, title);
const headings = (titles) => make("tr", {}, ...titles.map((title) => (title ? heading(title) : make("td"))));
const cells = ([name, ...values], kind = "") =>
  make("tr", { class: kind }, make("th", { scope: "row" }, name), ...values.map((value) => make("td", {}, value)));
