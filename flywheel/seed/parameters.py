"""Common parameters of functions: how a value is drawn, and the words that carry it in a question."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from . import names

Value = str | int | float | bool | list[int] | list[int | float] | list[str]


@dataclass(frozen=True)
class Parameter:
    """A parameter, how its value is drawn, and the words that carry it ({v}) in a question.

    ``type`` is JSON's; of an array, ``items`` is the type of what it holds.
    """

    name: str
    type: str
    description: str
    draw: Callable[[Random], Value]
    phrases: tuple[str, ...]
    enum: tuple[str, ...] = ()
    items: str = ""


def _text(name: str, description: str, draw: Callable[[Random], str], phrases: str) -> Parameter:
    return Parameter(name, "string", description, draw, tuple(phrases.split("|")))


def _whole(name: str, description: str, low: int, high: int, phrases: str) -> Parameter:
    return Parameter(name, "integer", description, lambda r: r.randint(low, high), tuple(phrases.split("|")))


def _decimal(name: str, description: str, phrases: str) -> Parameter:
    def draw(rng: Random) -> Value:
        return rng.choice((rng.randint(1, 5000), round(rng.uniform(0, 100), rng.randint(1, 2))))

    return Parameter(name, "number", description, draw, tuple(phrases.split("|")))


def _choice(name: str, description: str, options: str, phrases: str) -> Parameter:
    enum = tuple(options.split("|"))
    return Parameter(name, "string", description, lambda r: r.choice(enum), tuple(phrases.split("|")), enum)


PARAMETERS: tuple[Parameter, ...] = (
    _text("city", "The city.", names.place, "in {v}|for {v}|at {v}|in the city {v}|near the city of {v}|for the city of {v}"),
    _text("location", "The location, as a city name.", names.place,
          "in {v}|near {v}|at {v}|at the location {v}|located in {v}|close to {v}|around {v}"),
    _text("country", "Name of the country.", names.place, "in {v}|of {v}|in the country {v}|from {v}|for the country {v}"),
    _text("destination", "Where to go.", names.place,
          "to {v}|going to {v}|heading to {v}|towards {v}|whose destination is {v}|with destination {v}"),
    _text("origin", "Where to start.", names.place,
          "from {v}|starting in {v}|departing from {v}|with origin {v}|starting from {v}|leaving from {v}"),
    _text("region", "The region.", names.place, "in the region {v}|for {v}|across {v}|for the region {v}|in the {v} region"),
    _text("venue", "The venue.", names.place, "at {v}|at the venue {v}|in {v}|hosted at {v}|with venue {v}"),
    _text("name", "The full name.", names.person,
          "for {v}|with the name {v}|with name {v}|whose name is {v}|called {v}|named {v}"),
    _text("recipient", "Who receives it.", names.person,
          "to {v}|addressed to {v}|for {v}|for the recipient {v}|whose recipient is {v}|with {v} as recipient"),
    _text("author", "Who wrote it.", names.person, "by {v}|written by {v}|of the author {v}|by the author {v}|with author {v}"),
    _text("manager", "The manager.", names.person,
          "for {v}|under {v}|for the manager {v}|with manager {v}|managed by {v}"),
    _text("artist", "Name of the artist.", names.person,
          "by {v}|of the artist {v}|by the artist {v}|with artist {v}|of {v}|from {v}"),
    _text("patient", "The patient.", names.person, "for {v}|for the patient {v}|of {v}|with patient {v}|of patient {v}"),
    _text("company", "The company name.", names.company,
          "of {v}|for the company {v}|for {v}|at {v}|of the company {v}|from {v}"),
    _text("brand", "The brand.", names.company, "of the brand {v}|by {v}|from {v}|made by {v}|with brand {v}"),
    _text("team", "The team.", names.company, "for {v}|of {v}|for the team {v}|played by {v}|of the team {v}"),
    _text("title", "The title.", names.work,
          "called '{v}'|with the title {v}|with title {v}|whose title is {v}|named '{v}'|titled {v}"),
    _text("order_id", "Identifier of the order.", names.code,
          "with order id {v}|for order {v}|with id {v}|whose order id is {v}|of order {v}|number {v}"),
    _text("invoice_number", "Number of the invoice.", names.code,
          "with invoice number {v}|for invoice {v}|number {v}|with number {v}|of invoice {v}"),
    _text("code", "The code.", names.code, "with code {v}|using code {v}|with the code {v}|whose code is {v}|for code {v}"),
    _text("date", "The date.", names.date, "on {v}|for {v}|on the date {v}|with date {v}|as of {v}|dated {v}"),
    _text("start_date", "First day.", names.date,
          "from {v}|starting on {v}|with start date {v}|starting {v}|since {v}|beginning {v}"),
    _text("end_date", "Last day.", names.date,
          "until {v}|ending on {v}|with end date {v}|ending {v}|till {v}|up to {v}"),
    _text("email", "The email address.", names.email,
          "with email {v}|at {v}|to {v}|with the address {v}|whose email is {v}|using the address {v}"),
    _text("product", "The product name.", names.product,
          "for the {v}|of {v}|for {v}|of product {v}|of the product {v}|for product {v}"),
    _text("phone", "Phone number.", names.phone,
          "with phone {v}|at the number {v}|with number {v}|on {v}|whose phone is {v}|calling {v}"),
    _whole("people", "Number of people.", 1, 40,
           "for {v} people|for {v} guests|with {v} people|for a party of {v}|for {v} persons|with {v} persons"),
    _whole("days", "Number of days.", 1, 90,
           "for {v} days|over the next {v} days|for the next {v} days|over {v} days|lasting {v} days|within {v} days"),
    _whole("hours", "Number of hours.", 1, 90, "for {v} hours|over {v} hours|in {v} hours|lasting {v} hours|within {v} hours"),
    _whole("minutes", "Number of minutes.", 1, 90,
           "for {v} minutes|in {v} minutes|after {v} minutes|within {v} minutes|lasting {v} minutes"),
    _whole("quantity", "How many.", 1, 900,
           "with a quantity of {v}|{v} times|with quantity {v}|whose quantity is {v}|{v} units|{v} pieces"),
    _whole("year", "The year.", 1700, 2040,
           "in {v}|for the year {v}|in the year {v}|for {v}|from {v}|of the year {v}"),
    _whole("limit", "Maximum number of results.", 1, 100,
           "with at most {v} results|limited to {v}|limited to {v} results|with a limit of {v}|at most {v} results|"
           "up to {v} results"),
    _whole("page", "The page.", 1, 60, "on page {v}|for page {v}|with page {v}|from page {v}|at page {v}"),
    _whole("age", "Age in years.", 1, 99,
           "aged {v}|who is {v} years old|with an age of {v}|of age {v}|whose age is {v}|at the age of {v}"),
    _whole("base", "Length of the base.", 1, 900,
           "with a base of {v}|with base {v}|of base {v}|whose base is {v}|with a base of {v} units|whose base is {v} units"),
    _whole("radius", "The radius.", 1, 900,
           "with a radius of {v}|with radius {v}|of radius {v}|with a radius of {v} units|having a radius of {v}|"
           "whose radius is {v}"),
    _whole("length", "The length.", 1, 900,
           "with a length of {v}|with length {v}|whose length is {v}|that is {v} long|of length {v}"),
    _whole("version", "The version.", 1, 60,
           "with version {v}|in version {v}|for version {v}|whose version is {v}|of version {v}"),
    _decimal("height", "The height.",
             "with a height of {v}|with height {v}|of height {v}|whose height is {v}|having a height of {v}|that is {v} high"),
    _decimal("width", "The width.",
             "with a width of {v}|with width {v}|of width {v}|whose width is {v}|having a width of {v}|that is {v} wide"),
    _decimal("depth", "The depth.",
             "with a depth of {v}|with depth {v}|that is {v} deep|whose depth is {v}|of depth {v}"),
    _decimal("weight", "Weight in kilograms.",
             "with a weight of {v} kg|weighing {v} kg|weighing {v}|with weight {v}|that weighs {v} kg|of {v} kilograms"),
    _decimal("amount", "The amount.",
             "with an amount of {v}|for the amount {v}|for {v} dollars|of {v} euros|with amount {v}|of {v} dollars"),
    _decimal("budget", "The budget.",
             "with a budget of {v}|with budget {v}|on a budget of {v}|whose budget is {v}|for a budget of {v}"),
    _decimal("rate", "The rate, in percent.",
             "at a rate of {v}|with a rate of {v} percent|at rate {v}|with a rate of {v}|at a {v} percent rate|"
             "at {v} percent"),
    _decimal("temperature", "The temperature.",
             "at a temperature of {v}|at {v} degrees|with a temperature of {v}|at temperature {v}|of {v} degrees|"
             "with temperature {v}"),
    _decimal("speed", "The speed.",
             "at a speed of {v}|with speed {v}|with a speed of {v}|at speed {v}|moving at {v}|moving at {v} m/s"),
    _decimal("mass", "The mass.",
             "with a mass of {v}|of mass {v} kg|with a mass of {v} kg|of mass {v}|whose mass is {v}|with mass {v}"),
    _decimal("pressure", "The pressure.",
             "at a pressure of {v}|with pressure {v}|under a pressure of {v}|with a pressure of {v}|at pressure {v}"),
    _decimal("time", "Time in seconds.",
             "after {v} seconds|for a time of {v}|with a time of {v}|after a time of {v}|for {v} seconds|in {v} seconds"),
    _choice("unit", "Unit of the result.", "celsius|fahrenheit|kelvin",
            "in {v}|in degrees {v}|in unit {v}|with unit {v}|in the unit {v}|as {v}"),
    _choice("scale", "The scale.", "linear|square|cubic", "on a {v} scale|with scale {v}|as {v}|with a {v} scale|in {v} scale"),
    _choice("size", "The size.", "small|medium|large",
            "in size {v}|that is {v}|with size {v}|whose size is {v}|in a {v} size|of {v} size"),
    _choice("language", "The language.", "english|french|german|spanish",
            "in {v}|in the {v} language|in the language {v}|with language {v}|translated to {v}|written in {v}"),
    _choice("priority", "The priority.", "low|normal|high|urgent",
            "with {v} priority|with priority {v}|of {v} priority|at {v} priority|whose priority is {v}|marked {v}"),
    _choice("level", "The level.", "beginner|advanced|expert",
            "at the {v} level|with level {v}|for {v} level|whose level is {v}|at {v} level"),
    _choice("color", "The color.", "red|blue|green|black|white",
            "in {v}|with color {v}|in the color {v}|whose color is {v}|painted {v}|colored {v}"),
    _choice("format", "The format.", "pdf|csv|json|html",
            "as {v}|in {v} format|with format {v}|in the format {v}|as a {v} file|formatted as {v}"),
    _choice("currency", "The currency.", "USD|EUR|GBP|JPY",
            "in {v}|with currency {v}|in the currency {v}|whose currency is {v}|billed in {v}|paid in {v}"),
    _choice("category", "The category.", "travel|food|sports|music",
            "in the category {v}|with category {v}|about {v}|whose category is {v}|in the {v} category"),
    Parameter("express", "boolean", "Whether to be fast.", lambda r: True,
              ("with express", "by express", "with express set", "as express")),
    Parameter("verbose", "boolean", "Show details.", lambda r: True,
              ("with verbose output", "in verbose form", "with verbose on", "verbose")),
    Parameter("urgent", "boolean", "Whether it is urgent.", lambda r: True,
              ("as urgent", "marked urgent", "and make it urgent", "with urgent set")),
)  # fmt: skip
