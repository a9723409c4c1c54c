"use strict";
(function () {
    const data = JSON.parse(document.getElementById("data").textContent);
    const count = data.count, headline = data.columns[data.headline];
    const NS = "http://www.w3.org/2000/svg"; // a name that nothing is loaded from
    const MOST = 20; // frames: no closer zoom
    const view = { low: 0, high: Math.max(count - 1, 1) }; // positions on the grid of scored frames
    let cursor = null, drag = null, queued = false;
    const charts = [], byId = (id) => document.getElementById(id);

    // ---- numbers ----

    const limit = (x, low, high) => Math.min(Math.max(x, low), high);
    const frameOf = (i) => i * data.step;

    function timeOf(i) {
        if (!data.rate) return "";
        const ms = Math.round(frameOf(i) / data.rate * 1000), s = Math.floor(ms / 1000);
        const two = (n) => String(n).padStart(2, "0");
        return Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60) + "." +
            String(ms % 1000).padStart(3, "0");
    }

    function range(values) {
        let low = Infinity, high = -Infinity;
        for (const v of values) {
            if (v === null) continue;
            if (v < low) low = v;
            if (v > high) high = v;
        }
        return low <= high ? { low, high } : null;
    }

    function mean(values) {
        let sum = 0, n = 0;
        for (const v of values) if (v !== null) { sum += v; n++; }
        return n ? sum / n : null;
    }

    // Round steps of 1, 2 or 5: at most `most` of them between low and high.
    function ticks(low, high, most, least) {
        const rough = (high - low) / most, power = Math.pow(10, Math.floor(Math.log10(rough)));
        let step = power * ([1, 2, 5, 10].find((f) => f * power >= rough * 0.999999));
        if (least && step < least) step = least;
        const first = Math.ceil(low / step - 1e-9), out = [];
        for (let i = first; i * step <= high + step * 1e-6; i++) out.push(i * step);
        return { step, values: out, digits: limit(-Math.floor(Math.log10(step) + 1e-9), 0, 10) };
    }

    // Axis limits around values that reach to its ends on round steps.
    function axis(low, high, most) {
        if (high - low < 1e-9 * Math.max(1, Math.abs(high))) {
            const pad = Math.abs(high) * 0.05 || 1;
            low -= pad;
            high += pad;
        }
        const step = ticks(low, high, most).step;
        low = Math.floor(low / step + 1e-9) * step;
        high = Math.ceil(high / step - 1e-9) * step;
        return { low, high, ticks: ticks(low, high, Math.round((high - low) / step)) };
    }

    const short = (v) => v === null ? "\u2013" : Math.abs(v) >= 1000 ? v.toFixed(0) : Math.abs(v) >= 10 ? v.toFixed(2) : v.toFixed(4);

    // ---- drawing ----

    function el(name, attributes, parent, text) {
        const e = document.createElementNS(NS, name);
        for (const k in attributes) e.setAttribute(k, attributes[k]);
        if (text !== undefined) e.textContent = text;
        if (parent) parent.appendChild(e);
        return e;
    }

    function frame(box, small) {
        const w = Math.max(box.clientWidth, 60), h = box.clientHeight;
        const svg = el("svg", { viewBox: `0 0 ${w} ${h}`, role: "img" });
        return { svg, w, h, left: small ? 52 : 48, right: w - (small ? 6 : 14), top: small ? 8 : 16, bottom: h - (small ? 18 : 24) };
    }

    function drawRows(f, y, grid) {
        for (const v of y.ticks.values) {
            const at = f.y(v);
            el("line", { x1: f.left, x2: f.right, y1: at, y2: at }, grid);
            el("text", { x: f.left - 8, y: at + 4, "text-anchor": "end" }, f.svg, v.toFixed(y.ticks.digits));
        }
    }

    function drawColumns(f, x, grid, unit) {
        if (unit) el("text", { x: f.left - 8, y: f.bottom + 17, "text-anchor": "end" }, f.svg, unit);
        for (const v of x.values) {
            const at = f.x(v), text = v.toFixed(x.digits);
            if (grid) el("line", { x1: at, x2: at, y1: f.top, y2: f.bottom }, grid);
            el("text", { x: limit(at, f.left + 4, f.right), y: f.bottom + 17, "text-anchor": at > f.right - 24 ? "end" : "middle" }, f.svg, text);
        }
    }

    // The visible part as lines. Where there are more frames than pixels, each pixel column becomes
    // its lowest and its highest value, in their order in time, so that no peak is lost.
    function lines(values, f) {
        const first = Math.max(Math.floor(view.low), 0), last = Math.min(Math.ceil(view.high), count - 1);
        const pixels = Math.max(Math.round(f.right - f.left), 1), out = [];
        let line = null, drawn = 0;
        const add = (i) => {
            if (!line) out.push(line = []);
            line.push([f.x(frameOf(i)), f.y(values[i])]);
            drawn++;
        };
        if (last - first + 1 <= 2 * pixels) {
            for (let i = first; i <= last; i++) {
                if (values[i] === null) line = null;
                else add(i);
            }
            return { out, drawn };
        }
        for (let p = 0; p < pixels; p++) {
            const from = first + Math.floor(p * (last - first + 1) / pixels);
            const to = first + Math.floor((p + 1) * (last - first + 1) / pixels);
            let low = -1, high = -1;
            for (let i = from; i < to; i++) {
                if (values[i] === null) continue;
                if (low < 0 || values[i] < values[low]) low = i;
                if (high < 0 || values[i] > values[high]) high = i;
            }
            if (low < 0) { line = null; continue; }
            add(Math.min(low, high));
            if (low !== high) add(Math.max(low, high));
        }
        return { out, drawn };
    }

    const path = (line) => "M" + line.map((p) => p[0].toFixed(1) + " " + p[1].toFixed(1)).join("L");

    function drawCurve(f, chart) {
        const { out, drawn } = lines(chart.column.values, f);
        const clip = el("clipPath", { id: "clip" + charts.indexOf(chart) }, f.svg);
        el("rect", { x: f.left, y: 0, width: f.right - f.left, height: f.h }, clip);
        const inside = el("g", { "clip-path": `url(#clip${charts.indexOf(chart)})` }, f.svg);
        const area = chart.small ? "" : out.filter((l) => l.length > 1).map((l) => path(l) +
            `L${l[l.length - 1][0].toFixed(1)} ${f.bottom}L${l[0][0].toFixed(1)} ${f.bottom}Z`).join("");
        if (area) el("path", { class: "area", d: area }, inside);
        el("path", { class: "curve", d: out.map((l) => l.length > 1 ? path(l) : path([l[0], [l[0][0] + 0.5, l[0][1]]])).join("") }, inside);
        chart.box.dataset.points = chart.column.values.filter((v) => v !== null).length;
        chart.box.dataset.drawn = drawn;
    }

    function drawWorst(f, chart) {
        const group = el("g", { class: "worst" }, f.svg);
        data.worst.forEach((index, rank) => {
            const v = chart.column.values[index / data.step], x = f.x(index);
            if (v === null || v === undefined || x < f.left || x > f.right) return;
            const y = f.y(v);
            el("circle", { cx: x, cy: y, r: 4.5 }, group);
            el("text", { x: limit(x, f.left + 4, f.right - 4), y: y > f.bottom - 22 ? y - 9 : y + 18 }, group, rank + 1);
        });
    }

    function drawCursor(chart) {
        const f = chart.frame, old = f.svg.querySelector(".cursor");
        if (old) old.remove();
        if (cursor === null || cursor < view.low || cursor > view.high) return;
        const v = chart.column.values[cursor], x = f.x(frameOf(cursor));
        const group = el("g", { class: "cursor" }, f.svg);
        el("line", { x1: x, x2: x, y1: f.top, y2: f.bottom }, group);
        if (v !== null) el("circle", { cx: x, cy: f.y(v), r: 4.5 }, group);
    }

    function drawChart(chart) {
        const f = chart.frame = frame(chart.box, chart.small), values = range(chart.column.values);
        if (values) {
            const y = axis(values.low, values.high, chart.small ? 3 : 6);
            if (chart.score && values.low >= 0 && values.high <= 100) y.high = Math.min(y.high, 100);
            const span = frameOf(view.high) - frameOf(view.low) || 1;
            f.x = (v) => f.left + (v - frameOf(view.low)) / span * (f.right - f.left);
            f.y = (v) => f.bottom - (v - y.low) / (y.high - y.low) * (f.bottom - f.top);
            const grid = el("g", { class: "grid" }, f.svg);
            drawRows(f, y, grid);
            drawColumns(f, ticks(frameOf(view.low), frameOf(view.high), f.w / (chart.small ? 110 : 90), 1), null, chart.small ? "" : "frame");
            el("line", { class: "axis", x1: f.left, x2: f.right, y1: f.bottom, y2: f.bottom }, f.svg);
            drawCurve(f, chart);
            if (chart.score) drawWorst(f, chart);
        } else {
            el("text", { x: f.left, y: f.h / 2 }, f.svg, "no values");
            f.x = f.y = () => f.left;
        }
        f.svg.setAttribute("aria-label", chart.label(values));
        chart.box.replaceChildren(f.svg);
        drawCursor(chart);
    }

    function draw() {
        queued = false;
        charts.forEach(drawChart);
        drawHistogram();
    }

    function redraw() {
        if (!queued) requestAnimationFrame(draw);
        queued = true;
    }

    // ---- distribution ----

    function bins(values) {
        const r = range(values);
        if (!r) return null;
        const x = axis(r.low, r.high, 30), step = x.ticks.step;
        const n = Math.max(Math.round((x.high - x.low) / step), 1), bin = new Array(n).fill(0);
        for (const v of values)
            if (v !== null) bin[limit(Math.floor((v - x.low) / step + 1e-9), 0, n - 1)]++;
        return { low: x.low, high: x.high, step, digits: x.ticks.digits, bin };
    }

    function percentile(sorted, p) {
        const rank = p * (sorted.length - 1) / 100, low = Math.floor(rank);
        return low + 1 < sorted.length ? sorted[low] + (sorted[low + 1] - sorted[low]) * (rank - low) : sorted[low];
    }

    function drawMark(f, x, text, row) {
        const at = f.x(x), end = at > f.w - 120;
        el("line", { class: "mark", x1: at, x2: at, y1: f.top - 4, y2: f.bottom }, f.svg);
        el("text", { class: "label", x: at + (end ? -6 : 6), y: f.top + 6 + row * 15, "text-anchor": end ? "end" : "start" }, f.svg, text);
    }

    const sorted = headline.values.filter((v) => v !== null).sort((a, b) => a - b);

    function drawHistogram() {
        const box = byId("histogram"), f = frame(box, false), b = bins(headline.values);
        if (b) {
            const y = axis(0, Math.max(...b.bin), 4), group = el("g", { class: "bars" });
            f.x = (v) => f.left + (v - b.low) / (b.high - b.low) * (f.right - f.left);
            f.y = (v) => f.bottom - v / y.high * (f.bottom - f.top);
            y.ticks.values = y.ticks.values.filter((v) => v === Math.round(v));
            drawRows(f, y, el("g", { class: "grid" }, f.svg));
            f.svg.appendChild(group);
            drawColumns(f, ticks(b.low, b.high, f.w / 80, b.step), null, "score");
            b.bin.forEach((n, i) => {
                const low = b.low + i * b.step, x = f.x(low) + 1, top = f.y(n);
                if (!n) return;
                const bar = el("rect", { x, y: top, width: Math.max(f.x(low + b.step) - x - 1, 1), height: f.bottom - top, rx: 1.5 }, group);
                el("title", {}, bar, `${low.toFixed(b.digits)} to ${(low + b.step).toFixed(b.digits)}: ${n} frame${n > 1 ? "s" : ""}`);
            });
            el("line", { class: "axis", x1: f.left, x2: f.right, y1: f.bottom, y2: f.bottom }, f.svg);
            drawMark(f, percentile(sorted, 5), "5% are below " + short(percentile(sorted, 5)), 0);
            drawMark(f, mean(sorted), "mean " + short(mean(sorted)), 1);
            box.dataset.frames = b.bin.reduce((s, n) => s + n, 0);
            f.svg.setAttribute("aria-label", `Distribution of ${headline.name} over ${sorted.length} frames`);
        }
        box.replaceChildren(f.svg);
    }

    // ---- moving about ----

    function setCursor(i) {
        cursor = i === null ? null : limit(Math.round(i), 0, count - 1);
        charts.forEach(drawCursor);
        const out = byId("readout");
        out.replaceChildren();
        for (const c of charts) if (c.value) c.value.textContent = c.text(cursor);
        if (cursor === null) return;
        const b = document.createElement("b");
        b.textContent = short(headline.values[cursor]);
        out.append(`frame ${frameOf(cursor)}${data.rate ? " \u00b7 " + timeOf(cursor) : ""} \u00b7 `, b);
    }

    function setView(low, high) {
        const least = Math.min(MOST, Math.max(count - 1, 1)), width = limit(high - low, least, Math.max(count - 1, 1));
        const middle = (low + high) / 2;
        view.low = limit(middle - width / 2, 0, Math.max(count - 1, 1) - width);
        view.high = view.low + width;
        redraw();
    }

    function zoom(factor) {
        const width = (view.high - view.low) * factor;
        const at = cursor !== null && cursor >= view.low && cursor <= view.high ? cursor : (view.low + view.high) / 2;
        const part = (at - view.low) / (view.high - view.low);
        setView(at - part * width, at + (1 - part) * width);
    }

    // Moves the cursor and, if it left the view, the view.
    function go(i) {
        i = limit(i, 0, count - 1);
        const width = view.high - view.low;
        if (i < view.low || i > view.high) setView(i - width / 2, i + width / 2);
        setCursor(i);
    }

    function nextWorst(direction) {
        const order = data.worst.map((f) => f / data.step).sort((a, b) => a - b);
        const at = cursor === null ? -1 : cursor;
        const next = direction > 0 ? order.find((i) => i > at) : order.reverse().find((i) => i < at);
        if (next !== undefined) go(next);
    }

    function onKey(e) {
        if (e.ctrlKey || e.altKey || e.metaKey) return;
        const at = cursor === null ? Math.round(view.low) : cursor;
        const far = Math.max(Math.round((view.high - view.low) / 20), 2);
        const keys = {
            ArrowLeft: () => go(at - (e.shiftKey ? far : 1)), ArrowRight: () => go(at + (cursor === null ? 0 : e.shiftKey ? far : 1)),
            Home: () => go(0), End: () => go(count - 1), PageUp: () => nextWorst(-1), PageDown: () => nextWorst(1),
            "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => setView(0, count - 1),
            Escape: () => setCursor(null),
        };
        if (!keys[e.key]) return;
        e.preventDefault();
        keys[e.key]();
    }

    function positionAt(chart, e) {
        const f = chart.frame, x = e.clientX - chart.box.getBoundingClientRect().left;
        return view.low + (x - f.left) / (f.right - f.left) * (view.high - view.low);
    }

    function showSelection() {
        for (const c of charts) {
            const old = c.frame.svg.querySelector(".select");
            if (old) old.remove();
            if (!drag) continue;
            const a = c.frame.x(frameOf(Math.min(drag.from, drag.to))), b = c.frame.x(frameOf(Math.max(drag.from, drag.to)));
            el("rect", { class: "select", x: a, y: c.frame.top, width: b - a, height: c.frame.bottom - c.frame.top }, c.frame.svg);
        }
    }

    function listen(chart) {
        const box = chart.box, inside = (i) => limit(i, view.low, view.high);
        box.addEventListener("pointermove", (e) => {
            const at = inside(positionAt(chart, e));
            if (drag) { drag.to = at; showSelection(); }
            setCursor(at);
        });
        box.addEventListener("pointerdown", (e) => {
            if (e.button !== 0 || e.pointerType === "touch") return;
            drag = { from: inside(positionAt(chart, e)), to: inside(positionAt(chart, e)) };
            box.setPointerCapture(e.pointerId);
        });
        const finish = (e) => {
            if (!drag) return;
            const { from, to } = drag;
            drag = null;
            showSelection();
            if (e.type === "pointerup" && Math.abs(to - from) > (view.high - view.low) / 100)
                setView(Math.min(from, to), Math.max(from, to));
        };
        box.addEventListener("pointerup", finish);
        box.addEventListener("pointercancel", finish);
        box.addEventListener("dblclick", () => setView(0, count - 1));
        box.addEventListener("pointerleave", () => { if (!drag && document.activeElement !== box) setCursor(null); });
        box.addEventListener("keydown", onKey);
    }

    // ---- the page ----

    function addChart(box, column, small) {
        const m = mean(column.values);
        const chart = { box, column, small, score: !small };
        chart.label = (r) => r ? `${column.name} over ${count} frames: mean ${short(m)}, lowest ${short(r.low)}, highest ${short(r.high)}` : column.name;
        chart.text = (i) => i === null ? "mean " + short(m) : short(column.values[i]);
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", `Chart of ${column.name}. Arrow keys move between frames.`);
        box.classList.add("line");
        charts.push(chart);
        listen(chart);
        return chart;
    }

    function addFeature(column) {
        const make = (tag, name, text) => {
            const e = document.createElement(tag);
            e.className = name;
            if (text !== undefined) e.textContent = text;
            return e;
        };
        const item = make("div", "chart"), name = make("div", "name"), box = make("div", "plot small");
        const title = make("span", "", column.name), value = make("span", "");
        title.title = column.name;
        name.append(title, value);
        item.append(name, box);
        byId("features").append(item);
        const chart = addChart(box, column, true);
        chart.value = value;
        value.textContent = chart.text(null);
    }

    addChart(byId("main"), headline, false);
    const isModel = (c) => data.models.includes(c.name);
    const others = data.columns.filter((c) => c !== headline);
    others.filter(isModel).concat(others.filter((c) => !isModel(c))).forEach(addFeature);
    if (data.columns.length < 2) byId("h-features").parentElement.hidden = true;
    byId("zoom-in").addEventListener("click", () => zoom(0.5));
    byId("zoom-out").addEventListener("click", () => zoom(2));
    byId("zoom-reset").addEventListener("click", () => setView(0, count - 1));
    for (const b of document.querySelectorAll("button[data-frame]"))
        b.addEventListener("click", () => {
            go(Number(b.dataset.frame) / data.step);
            byId("main").focus();
            byId("main").scrollIntoView({ block: "center" });
        });

    const dark = matchMedia("(prefers-color-scheme: dark)"), theme = byId("theme");
    const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
    const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
    theme.hidden = false;
    theme.setAttribute("aria-label", "Change between light and dark");
    theme.addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; nameTheme(); });
    dark.addEventListener("change", nameTheme);
    nameTheme();
    new ResizeObserver(redraw).observe(byId("main"));
    draw();
})();
