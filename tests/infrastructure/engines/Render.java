import java.io.*;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.commons.lang.StringEscapeUtils;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;
import org.apache.velocity.runtime.RuntimeConstants;
import org.apache.velocity.runtime.log.NullLogChute;

/** A line of JSON in (template, body, headers, context), a line of JSON out (text and override, or error). */
public class Render {
    public static void main(String[] args) throws Exception {
        VelocityEngine engine = new VelocityEngine();
        engine.setProperty(RuntimeConstants.RUNTIME_LOG_LOGSYSTEM, new NullLogChute());
        engine.init();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line; (line = in.readLine()) != null; ) System.out.println(answer(engine, line));
    }

    private static String answer(VelocityEngine engine, String line) {
        try {
            return Json.write(render(engine, asMap(Json.parse(line))));
        } catch (Exception | StackOverflowError error) {
            return Json.write(Map.of("error", error.toString()));
        }
    }

    private static Map<String, Object> render(VelocityEngine engine, Map<String, Object> given) {
        Override override = new Override();
        asMap(given.get("context")).put("responseOverride", override);
        VelocityContext context = new VelocityContext();
        context.put("input", new Input(given));
        context.put("util", new Util());
        context.put("context", given.get("context"));
        context.put("stageVariables", asMap(given.get("context")).get("stageVariables"));
        StringWriter text = new StringWriter();
        engine.evaluate(context, text, "template", (String) given.get("template"));
        return Map.of("text", text.toString(), "override", override);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> asMap(Object value) {
        return (Map<String, Object>) value;
    }

    public static class Override extends LinkedHashMap<String, Object> {
        { put("header", new LinkedHashMap<String, Object>()); }

        public Object put(String key, Object value) {
            if (key.equals("status") && containsKey(key)) throw new IllegalStateException("status was set twice");
            return super.put(key, value);
        }
    }

    public record Input(Map<String, Object> given) {
        public String getBody() { return (String) given.get("body"); }

        public Object path(String path) {
            Object value = Json.parse(getBody());
            for (String name : path.substring(1).split("\\.")) {
                if (!name.isEmpty()) value = value instanceof Map ? asMap(value).get(name) : null;
            }
            return value;
        }

        public Map<String, Object> params() {
            return Map.of("path", Map.of(), "querystring", Map.of(), "header", given.get("headers"));
        }

        public Object params(String name) { return asMap(given.get("headers")).get(name); }
    }

    public static class Util {
        public String escapeJavaScript(String text) { return StringEscapeUtils.escapeJavaScript(text); }

        public Object parseJson(String text) { return Json.parse(text); }

        public String urlEncode(String text) { return URLEncoder.encode(text, StandardCharsets.UTF_8); }

        public String base64Encode(String text) {
            return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Reads JSON that is valid, and writes strings and maps. Java's escapes of a string are ones that JSON has too. */
    private static class Json {
        private final String text;
        private int at = 0;

        private Json(String text) { this.text = text; }

        static Object parse(String text) { return new Json(text).value(); }

        static String write(Object value) {
            if (value instanceof String) return '"' + StringEscapeUtils.escapeJava((String) value) + '"';
            if (!(value instanceof Map)) return String.valueOf(value);
            StringJoiner members = new StringJoiner(",", "{", "}");
            asMap(value).forEach((key, member) -> members.add(write(key) + ":" + write(member)));
            return members.toString();
        }

        private char peek() {
            while (at < text.length() && text.charAt(at) <= ' ') at++;
            return text.charAt(at);
        }

        private Object value() {
            switch (peek()) {
                case '"': return string();
                case '{': return members('}');
                case '[': return new ArrayList<>(members(']').values());
                default: return literal();
            }
        }

        private Map<String, Object> members(char end) {
            Map<String, Object> members = new LinkedHashMap<>();
            for (at++; peek() != end; at += peek() == ',' ? 1 : 0) {
                String key = end == '}' ? string() : String.valueOf(members.size());
                at += peek() == ':' ? 1 : 0;
                members.put(key, value());
            }
            at++;
            return members;
        }

        private String string() {
            int start = ++at;
            while (text.charAt(at) != '"') at += text.charAt(at) == '\\' ? 2 : 1;
            return StringEscapeUtils.unescapeJava(text.substring(start, at++));
        }

        private Object literal() {
            int start = at;
            while (at < text.length() && ",]}".indexOf(text.charAt(at)) < 0 && text.charAt(at) > ' ') at++;
            String word = text.substring(start, at);
            if (word.equals("null")) return null;
            if (word.equals("true") || word.equals("false")) return Boolean.valueOf(word);
            return word.matches("-?\\d{1,9}") ? Integer.valueOf(word) : new BigDecimal(word);
        }
    }
}
