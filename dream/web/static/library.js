/** A reader's stories: each is opened where it was left. */
import "./once.js";
import { leadToPlaces } from "./place.js";

leadToPlaces();
