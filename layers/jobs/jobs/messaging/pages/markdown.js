// Markdown as elements: the text of a model never becomes markup, and asks no host for anything.

const MAX_DEPTH = 8; // of lists and quotations in each other
const MAX_OPEN = 32; // emphases and links that wait for their end
const MAX_ADDRESS = 2000;

/** Show a growing text. Blocks that have not changed stay, with the reader's selection in them. */
function showMarkdown(target, text) {
  const blocks = splitBlocks(text.replace(/\r\n?/g, "\n").split("\n"));
  blocks.forEach((block, place) => {
    const source = `${block.kind}\n${block.lines.join("\n")}`;
    const shown = target.children[place];
    if (shown?.source === source) return;
    const made = buildBlock(block, 0);
    made.source = source;
    if (shown) shown.replaceWith(made);
    else target.append(made);
  });
  while (target.children.length > blocks.length) target.lastChild.remove();
}

// ── Blocks ───────────────────────────────────────────────────────────────────

const FENCE = /^ {0,3}(`{3,}|~{3,}) *([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?: (.*))?$/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])(?: +|$)/;
const TABLE_RULE = /^ *\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *$/;

const isBlank = (line) => !line.trim();

/** Split lines into blocks: `{ kind, lines }`, with the lines as they were written. */
function splitBlocks(lines) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const kind = kindOf(lines, at);
    const end = ENDS[kind](lines, at);
    blocks.push({ kind, lines: lines.slice(at, end) });
    at = end;
  }
  return blocks;
}

function kindOf(lines, at) {
  const line = lines[at];
  if (FENCE.test(line)) return "code";
  if (HEADING.test(line)) return "heading";
  if (RULE.test(line)) return "rule";
  if (QUOTE.test(line)) return "quote";
  if (ITEM.test(line)) return "list";
  if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "") && lines[at + 1].includes("|")) return "table";
  return "paragraph";
}

/** By kind, where the block that begins at a line ends. */
const ENDS = {
  heading: (_, at) => at + 1,
  rule: (_, at) => at + 1,
  code(lines, at) {
    const fence = FENCE.exec(lines[at])[1];
    const closes = (line) => line.trim().startsWith(fence) && line.trim().replaceAll(fence[0], "") === "";
    const last = lines.findIndex((line, place) => place > at && closes(line));
    return last < 0 ? lines.length : last + 1;
  },
  quote: (lines, at) => endOf(lines, at, (line) => QUOTE.test(line)),
  table: (lines, at) => endOf(lines, at, (line) => line.includes("|")),
  paragraph: (lines, at) => endOf(lines, at, (line, place) => place === at
    || (!isBlank(line) && (kindOf(lines, place) === "paragraph" || /^ *(?!1[.)])\d+[.)]/.test(line)))),
  list(lines, at) {
    const [, indent, mark] = ITEM.exec(lines[at]);
    let end = at + 1;
    for (let place = end; place < lines.length; place += 1) {
      if (isBlank(lines[place])) continue;
      const gap = place > end;
      if (!belongsToList(lines, place, indent.length, mark, gap)) break;
      end = place + 1;
    }
    return end;
  },
};

function endOf(lines, at, goesOn) {
  let end = at;
  while (end < lines.length && goesOn(lines[end], end)) end += 1;
  return end;
}

const sortOfMark = (mark) => (/\d/.test(mark) ? mark.at(-1) : mark);

function belongsToList(lines, place, indent, mark, gap) {
  const line = lines[place];
  const depth = line.search(/\S/);
  if (depth >= indent + 2) return true;
  const item = ITEM.exec(line);
  if (item) return !RULE.test(line) && sortOfMark(item[2]) === sortOfMark(mark);
  return !gap && kindOf(lines, place) === "paragraph";
}

/** Split a list's lines into its items' lines, without mark and indentation. */
function splitItems(lines) {
  const first = ITEM.exec(lines[0]);
  const items = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && item[1].length < first[1].length + 2) items.push([line.slice(item[0].length)]);
    else items.at(-1).push(line.slice(Math.min(Math.max(line.search(/\S/), 0), first[0].length)));
  }
  return items;
}

function buildBlock(block, depth) {
  if (depth >= MAX_DEPTH) return element("p", { dir: "auto" }, block.lines.join("\n"));
  return BUILD[block.kind](block.lines, depth);
}

const buildAll = (lines, depth) => splitBlocks(lines).map((block) => buildBlock(block, depth));

const BUILD = {
  paragraph: (lines) => build("p", { dir: "auto" }, inline(lines.join("\n").trim())),
  rule: () => element("hr"),
  quote: (lines, depth) => build("blockquote", {}, buildAll(lines.map((line) => line.replace(QUOTE, "")), depth + 1)),
  heading([line]) {
    const [, marks, text = ""] = HEADING.exec(line);
    // The page's own headings are levels 1 and 2.
    return build(`h${Math.min(marks.length + 2, 6)}`, { dir: "auto" }, inline(text.replace(/ #+ *$/, "").trim()));
  },
  code([first, ...rest]) {
    const [, fence, about] = FENCE.exec(first);
    const last = rest.at(-1)?.trim() ?? "";
    if (last.startsWith(fence) && last.replaceAll(fence[0], "") === "") rest.pop();
    return buildCode(rest.join("\n"), about.trim().split(/\s/)[0]);
  },
  list(lines, depth) {
    const mark = ITEM.exec(lines[0])[2];
    const loose = lines.some((line, place) => isBlank(line) && place < lines.length - 1);
    const items = splitItems(lines).map((each) => buildItem(each, depth, loose));
    if (!/\d/.test(mark)) return build("ul", {}, items);
    return build("ol", { start: Number.parseInt(mark, 10) }, items);
  },
  table([head, rule, ...rows]) {
    const sides = splitRow(rule).map((each) => (each.endsWith(":") ? (each.startsWith(":") ? "middle" : "right") : ""));
    const row = (line, tag) => {
      const cells = splitRow(line);
      return build("tr", {}, sides.map((side, place) =>
        build(tag, { className: side, dir: "auto" }, inline(cells[place] ?? ""))));
    };
    return element("div", { className: "wide", tabIndex: 0, role: "region", ariaLabel: "Table" },
      element("table", {}, element("thead", {}, row(head, "th")), build("tbody", {}, rows.map((line) => row(line, "td")))));
  },
};

function buildItem(lines, depth, loose) {
  const task = /^\[([ xX])\] /.exec(lines[0]);
  if (task) lines = [lines[0].slice(4), ...lines.slice(1)];
  const parts = buildAll(lines, depth + 1);
  const tight = parts[0]?.tagName === "P" && !loose ? [...parts.shift().childNodes] : [];
  const isOpen = task?.[1] === " ";
  const box = task && element("span", { role: "img", ariaLabel: isOpen ? "Open" : "Done" }, isOpen ? "☐" : "☑");
  return build("li", { dir: "auto", className: task ? "task" : "" }, [...(box ? [box, " "] : []), ...tight, ...parts]);
}

/** Split a table's row at its bars, except escaped ones. */
function splitRow(line) {
  const cells = line.trim().replace(/^\|/, "").replace(/\|$/, "").split("|");
  return cells.reduce((whole, cell) => {
    if (whole.at(-1)?.endsWith("\\")) whole.push(`${whole.pop().slice(0, -1)}|${cell}`);
    else whole.push(cell);
    return whole;
  }, []).map((cell) => cell.trim());
}

function buildCode(text, language) {
  const copy = element("button", { type: "button", className: "plain" }, "Copy");
  copy.onclick = () => copyText(text, copy);
  return element("div", { className: "code" },
    element("div", { className: "bar" }, element("span", {}, language || "Code"), copy),
    element("pre", { tabIndex: 0, role: "region", ariaLabel: language ? `Code, ${language}` : "Code" }, element("code", {}, text)));
}

// ── Text ─────────────────────────────────────────────────────────────────────

const NEXT = /[\\`*_~[\]!<\n]|https?:\/\//gi;
const ADDRESS = /https?:\/\/[^\s<>"'`|]{1,2000}/iy;
const TAGS = { "*": "em", _: "em", "**": "strong", __: "strong", "~~": "del" };

/** Turn text with emphasis, code and links into nodes. */
function inline(text) {
  const open = [{ mark: "", nodes: [] }]; // emphases and links that have begun
  const unclosed = new Set(); // runs of backticks that nothing closes
  const put = (...nodes) => putAll(nodes);
  const putAll = (nodes) => {
    const into = open.at(-1).nodes;
    for (const node of nodes) {
      if (typeof node === "string" && typeof into.at(-1) === "string") into.push(into.pop() + node);
      else into.push(node);
    }
  };
  /** Take what is open after `depth` for plain text. */
  const flatten = (depth) => {
    while (open.length > depth) {
      const { mark, nodes } = open.pop();
      put(mark);
      putAll(nodes);
    }
  };
  const begin = (mark) => {
    if (open.length < MAX_OPEN) open.push({ mark, nodes: [] });
    else put(mark);
  };
  const isOpen = (mark) => open.findLastIndex((each) => each.mark === mark);

  let at = 0;
  while (at < text.length) {
    NEXT.lastIndex = at;
    const found = NEXT.exec(text);
    if (!found) break;
    if (found.index > at) put(text.slice(at, found.index));
    at = found.index + readMark(found[0], found.index);
  }
  put(text.slice(at));
  flatten(1);
  return open[0].nodes;

  /** Read what begins here; return its length. */
  function readMark(mark, here) {
    switch (mark) {
      case "\n":
        put(element("br"));
        return 1;
      case "\\":
        if (text[here + 1] === "\n") put(element("br"));
        else if (/[!-/:-@[-`{-~]/.test(text[here + 1] ?? "")) put(text[here + 1]);
        else {
          put("\\");
          return 1;
        }
        return 2;
      case "`":
        return readCode(here);
      case "*":
      case "_":
      case "~":
        return readEmphasis(mark, here);
      case "!":
      case "[":
        return readBracket(here);
      case "]":
        return readLink(here);
      case "<":
        return readAngle(here);
      default:
        return readAddress(here);
    }
  }

  function runOf(mark, here) {
    let end = here;
    while (text[end] === mark) end += 1;
    return end - here;
  }

  function readCode(here) {
    const length = runOf("`", here);
    for (let end = here + length; !unclosed.has(length);) {
      end = text.indexOf("`", end);
      if (end < 0) {
        unclosed.add(length);
        break;
      }
      const closing = runOf("`", end);
      if (closing === length) {
        put(element("code", {}, text.slice(here + length, end).replaceAll("\n", " ").trim()));
        return end + length - here;
      }
      end += closing;
    }
    put("`".repeat(length));
    return length;
  }

  function readEmphasis(mark, here) {
    const length = runOf(mark, here);
    const [before, after] = [text[here - 1] ?? " ", text[here + length] ?? " "];
    const inWord = mark === "_" && /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after);
    const isKnown = mark === "~" ? length === 2 : length <= 3;
    if (!isKnown || inWord) {
      put(mark.repeat(length));
      return length;
    }
    let left = length;
    if (/\S/.test(before)) {
      for (let depth = open.length - 1; depth > 0 && left > 0; depth -= 1) {
        const each = open[depth].mark;
        if (each[0] !== mark || each.length > left) continue;
        flatten(depth + 1);
        const { nodes } = open.pop();
        put(build(TAGS[each], {}, nodes));
        left -= each.length;
      }
    }
    if (left > 0 && /\S/.test(after)) {
      if (left === 3) begin(mark.repeat(2));
      begin(mark.repeat(left === 3 ? 1 : left));
    } else put(mark.repeat(left));
    return length;
  }

  function readBracket(here) {
    if (text[here] === "[") begin("[");
    else if (text[here + 1] === "[") {
      begin("![");
      return 2;
    } else put("!");
    return 1;
  }

  function readLink(here) {
    const depth = Math.max(isOpen("["), isOpen("!["));
    const target = depth > 0 ? readTarget(here + 1) : null;
    if (!target) {
      if (depth > 0) flatten(depth);
      put("]");
      return 1;
    }
    flatten(depth + 1);
    const { mark, nodes } = open.pop();
    const named = mark === "![" ? ["Image: ", ...(nodes.length ? nodes : ["no description"])] : nodes;
    const hasLink = nodes.some((node) => node.tagName === "A" || node.querySelector?.("a"));
    const link = hasLink ? null : buildLink(target.address, named);
    if (link) put(link);
    else putAll(nodes.length ? named : [target.address]);
    return target.length + 1;
  }

  /** Read a link's `(address "title")`, or return null. */
  function readTarget(here) {
    if (text[here] !== "(") return null;
    const limit = Math.min(text.length, here + MAX_ADDRESS);
    let end = here + 1;
    for (let nested = 0; end < limit; end += 1) {
      if (/[\s<]/.test(text[end])) break;
      if (text[end] === "(") nested += 1;
      if (text[end] === ")" && nested-- === 0) break;
    }
    const address = text.slice(here + 1, end);
    if (/\s/.test(text[end] ?? "")) {
      const title = /\s+(?:"[^"]{0,500}"|'[^']{0,500}')\s*(?=\))/y;
      title.lastIndex = end;
      end += title.exec(text)?.[0].length ?? 0;
    }
    return text[end] === ")" ? { address, length: end + 1 - here } : null;
  }

  function readAngle(here) {
    const known = /<br ?\/?>|<(https?:\/\/[^\s<>]{1,2000})>/iy;
    known.lastIndex = here;
    const found = known.exec(text);
    const link = found?.[1] && isOpen("[") < 0 ? buildLink(found[1], [found[1]]) : null;
    if (!found || (found[1] && !link)) {
      put("<");
      return 1;
    }
    put(link ?? element("br"));
    return found[0].length;
  }

  /** Read an address that stands in the text; its last punctuation belongs to the sentence. */
  function readAddress(here) {
    ADDRESS.lastIndex = here;
    let address = ADDRESS.exec(text)?.[0] ?? "";
    while (/[.,;:!?*_~\])]$/.test(address) && !(address.endsWith(")") && address.includes("("))) address = address.slice(0, -1);
    const link = isOpen("[") < 0 && !/\w/.test(text[here - 1] ?? "") ? buildLink(address, [address]) : null;
    put(link ?? text.slice(here, here + 4));
    return link ? address.length : 4;
  }
}

/** Link to a web page; null if the address is none. */
function buildLink(address, nodes) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (!/^https?:\/\//i.test(address) || url.username || url.password) return null;
  return build("a", { href: url.href, title: url.href, target: "_blank", rel: "noopener noreferrer nofollow" }, nodes);
}
