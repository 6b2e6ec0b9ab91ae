// Emoji shortcodes, those that apps and colleagues use most; an unknown one stays as typed.

const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌
negative_squared_cross_mark ❎|heavy_multiplication_x ✖️|no_entry ⛔|no_entry_sign 🚫
octagonal_sign 🛑|warning ⚠️|rotating_light 🚨|bangbang ‼️|exclamation ❗|grey_exclamation ❕
question ❓|grey_question ❔|interrobang ⁉️|information_source ℹ️|sos 🆘|new 🆕|ok 🆗|up 🆙|cool 🆒
free 🆓
large_green_circle 🟢|green_circle 🟢|large_yellow_circle 🟡|large_orange_circle 🟠|red_circle 🔴
large_red_circle 🔴|large_blue_circle 🔵|blue_circle 🔵|large_purple_circle 🟣
large_brown_circle 🟤|white_circle ⚪|black_circle ⚫|large_green_square 🟩|large_yellow_square 🟨
large_orange_square 🟧|large_red_square 🟥|large_blue_square 🟦|white_large_square ⬜
black_large_square ⬛|white_medium_square ◻️|black_medium_square ◼️|white_small_square ▫️
black_small_square ▪️|large_blue_diamond 🔷|small_blue_diamond 🔹|large_orange_diamond 🔶
small_orange_diamond 🔸|diamond_shape_with_a_dot_inside 💠|radio_button 🔘
lock 🔒|unlock 🔓|closed_lock_with_key 🔐|lock_with_ink_pen 🔏|key 🔑|old_key 🗝️|shield 🛡️
bust_in_silhouette 👤|busts_in_silhouette 👥|identification_card 🪪|robot_face 🤖|robot 🤖
detective 🕵️|sleuth_or_spy 🕵️|guardsman 💂|office_worker 🧑‍💼|technologist 🧑‍💻|judge 🧑‍⚖️
balance_scale ⚖️|scales ⚖️|passport_control 🛂|customs 🛃
alarm_clock ⏰|clock1 🕐|clock3 🕒|clock6 🕕|clock9 🕘|clock12 🕛|hourglass ⌛
hourglass_flowing_sand ⏳|stopwatch ⏱️|timer_clock ⏲️|watch ⌚|mantelpiece_clock 🕰️|calendar 📆
date 📅|spiral_calendar_pad 🗓️|spiral_calendar 🗓️
bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|speech_balloon 💬|thought_balloon 💭
left_speech_bubble 🗨️|email 📧|envelope ✉️|incoming_envelope 📨|envelope_with_arrow 📩
inbox_tray 📥|outbox_tray 📤|package 📦|mailbox 📫|phone ☎️|telephone_receiver 📞
memo 📝|pencil 📝|pencil2 ✏️|clipboard 📋|page_facing_up 📄|page_with_curl 📃|scroll 📜
bookmark_tabs 📑|bookmark 🔖|label 🏷️|books 📚|book 📖|open_book 📖|notebook 📓|ledger 📒
newspaper 📰|card_index 📇|card_index_dividers 🗂️|file_folder 📁|open_file_folder 📂
file_cabinet 🗄️|wastebasket 🗑️|paperclip 📎|pushpin 📌|round_pushpin 📍
triangular_flag_on_post 🚩|checkered_flag 🏁|receipt 🧾|ticket 🎫
chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|moneybag 💰
money_with_wings 💸|dollar 💵|credit_card 💳|bank 🏦|office 🏢|factory 🏭|house 🏠
globe_with_meridians 🌐|earth_americas 🌎|earth_africa 🌍|earth_asia 🌏|world_map 🗺️
gear ⚙️|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|nut_and_bolt 🔩|toolbox 🧰|link 🔗|chains ⛓️
electric_plug 🔌|battery 🔋|bulb 💡|flashlight 🔦|mag 🔍|mag_right 🔎|microscope 🔬|test_tube 🧪
satellite_antenna 📡|computer 💻|desktop_computer 🖥️|keyboard ⌨️|floppy_disk 💾|cd 💿|iphone 📱
bug 🐛|beetle 🐞|lady_beetle 🐞|fire 🔥|fire_extinguisher 🧯|boom 💥|collision 💥|zap ⚡|sparkles ✨
star ⭐|star2 🌟|rocket 🚀|construction 🚧|ship 🚢|anchor ⚓|recycle ♻️|broom 🧹|jigsaw 🧩|brain 🧠
crystal_ball 🔮|dart 🎯|trophy 🏆|medal 🏅|first_place_medal 🥇|crown 👑|gem 💎|gift 🎁|tada 🎉
confetti_ball 🎊|balloon 🎈|birthday 🎂|seedling 🌱|herb 🌿|four_leaf_clover 🍀|evergreen_tree 🌲
leaves 🍃|fallen_leaf 🍂|sunny ☀️|cloud ☁️|rainbow 🌈|snowflake ❄️|umbrella ☔|ocean 🌊|coffee ☕
tea 🍵|beer 🍺|pizza 🍕|doughnut 🍩|cookie 🍪|apple 🍎
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|ok_hand 👌|wave 👋|raised_hand ✋|hand ✋|raised_hands 🙌|clap 👏
pray 🙏|handshake 🤝|muscle 💪|point_right 👉|point_left 👈|point_up ☝️|point_up_2 👆|point_down 👇
crossed_fingers 🤞|v ✌️|writing_hand ✍️|eyes 👀|eye 👁️|see_no_evil 🙈|hear_no_evil 🙉
speak_no_evil 🙊|ear 👂|salute 🫡|saluting_face 🫡|facepalm 🤦|shrug 🤷
smile 😄|smiley 😃|grinning 😀|grin 😁|laughing 😆|satisfied 😆|joy 😂
rolling_on_the_floor_laughing 🤣|rofl 🤣|slightly_smiling_face 🙂|simple_smile 🙂
upside_down_face 🙃|wink 😉|blush 😊|innocent 😇|heart_eyes 😍|star-struck 🤩|sunglasses 😎
nerd_face 🤓|thinking_face 🤔|thinking 🤔|neutral_face 😐|expressionless 😑|no_mouth 😶|smirk 😏
unamused 😒|grimacing 😬|relieved 😌|pensive 😔|sleepy 😪|sleeping 😴|zzz 💤|mask 😷|exploding_head 🤯
partying_face 🥳|confused 😕|worried 😟|slightly_frowning_face 🙁|open_mouth 😮|hushed 😯
astonished 😲|flushed 😳|fearful 😨|cold_sweat 😰|cry 😢|sob 😭|scream 😱|sweat 😓|sweat_smile 😅
weary 😩|tired_face 😫|yawning_face 🥱|rage 😡|angry 😠|skull 💀|ghost 👻|alien 👽|clown_face 🤡
zipper_mouth_face 🤐|shushing_face 🤫|face_with_monocle 🧐|melting_face 🫠|hugging_face 🤗|yum 😋
stuck_out_tongue 😛|poop 💩|hankey 💩
heart ❤️|orange_heart 🧡|yellow_heart 💛|green_heart 💚|blue_heart 💙|purple_heart 💜
black_heart 🖤|white_heart 🤍|broken_heart 💔|sparkling_heart 💖|100 💯
arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrow_upper_right ↗️
arrow_lower_right ↘️|leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|arrow_heading_up ⤴️
arrow_heading_down ⤵️|arrows_counterclockwise 🔄|arrows_clockwise 🔃|repeat 🔁|back 🔙|end 🔚
soon 🔜|top 🔝|arrow_forward ▶️|fast_forward ⏩|rewind ⏪|double_vertical_bar ⏸️|pause_button ⏸️
black_square_for_stop ⏹️|stop_button ⏹️|black_circle_for_record ⏺️|eject ⏏️|track_next ⏭️
heavy_plus_sign ➕|heavy_minus_sign ➖|infinity ♾️|tm ™️|copyright ©️
zero 0️⃣|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣
keycap_ten 🔟|hash #️⃣|a 🅰️|b 🅱️|atom_symbol ⚛️|trident 🔱|beginner 🔰|name_badge 📛
vertical_traffic_light 🚦|traffic_light 🚥|ambulance 🚑|police_car 🚓|oncoming_police_car 🚔|cop 👮
fire_engine 🚒|airplane ✈️|car 🚗|bike 🚲|door 🚪|dog 🐶|cat 🐱|mouse 🐭|fox_face 🦊|bear 🐻
panda_face 🐼|penguin 🐧|owl 🦉|eagle 🦅|snail 🐌|turtle 🐢|octopus 🐙|crab 🦀|whale 🐳|bee 🐝
unicorn_face 🦄|parrot 🦜
`;

const EMOJI = new Map(
  TABLE.trim().split(/[\n|]/).map((entry) => {
    const [name, glyph] = entry.split(" ");
    return [name, glyph];
  }),
);

/** The character for `white_check_mark`, or `null`. */
export const emojiOf = (name) => EMOJI.get(String(name).toLowerCase()) ?? null;

/** From code points in hexadecimal, as rich text carries them: `1f44d-1f3fb`. */
export function emojiFromUnicode(hex) {
  const points = String(hex).split("-").map((part) => Number.parseInt(part, 16));
  return points.every((p) => p > 0 && p <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}

/** Replaces `:name:` in plain text. */
export const withEmoji = (text) =>
  text.replace(/:([a-z0-9_+-]+):(?::skin-tone-[2-6]:)?/gi, (whole, name) => emojiOf(name) ?? whole);
