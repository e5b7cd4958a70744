// Starts the console: reads how this API is opened, and shows the page.
import "@cloudscape-design/global-styles/index.css";
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { readConfig } from "./config";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = (): void => applyMode(dark.matches ? Mode.Dark : Mode.Light);
dark.addEventListener("change", follow);
follow();

createRoot(document.getElementById("console")!).render(
  <I18nProvider locale="en" messages={[messages]}>
    <App config={await readConfig()} />
  </I18nProvider>,
);
