"""Words the invented world is made of: names, places, code lists. Data only, no behaviour."""

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
COMPOUND_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "皇甫")
GIVEN_M = "伟强磊军洋勇杰涛超明刚平辉鹏华飞斌宇浩凯健俊帆峰志文博龙波亮建国庆东海林晨轩泽昊天成家豪嘉瑞翔云生贵福德"
GIVEN_F = "芳娜敏静丽艳娟霞秀兰英玉萍红玲芬燕洁梅琳雪慧莹婷颖倩佳怡欣雨萱诗涵梓思琪瑶淑桂珍莲凤春月彩蓉薇雅晴璐"
MINORITY = (
    "阿不都热合曼·努尔麦麦提",
    "帕提古丽·吐尔逊",
    "古丽娜尔·艾合买提",
    "买买提江·吾守尔",
    "迪丽努尔·阿卜杜拉",
    "艾尼瓦尔·依明",
    "阿依古丽·玉素甫",
    "巴特尔·额尔德尼",
    "扎西·多吉",
    "卓玛·央金",
)
FOREIGN_GIVEN = (
    "JAMES",
    "MARIA",
    "DAVID",
    "ANNA",
    "THOMAS",
    "SOPHIE",
    "HIROSHI",
    "YUKI",
    "MINJUN",
    "IVAN",
    "OLGA",
    "CARLOS",
)
FOREIGN_FAMILY = ("SMITH", "MULLER", "TANAKA", "KIM", "IVANOV", "GARCIA", "DUPONT", "BROWN", "ROSSI", "NGUYEN")
HONORIFIC = {"M": "先生", "F": "女士"}

# province, branch code, city, city branch code, region code, districts (name, region code)
CITIES = (
    (
        "江苏省",
        "86320000",
        "南京市",
        "86320100",
        "320100",
        (("玄武区", "320102"), ("秦淮区", "320104"), ("江宁区", "320115")),
    ),
    (
        "江苏省",
        "86320000",
        "苏州市",
        "86320500",
        "320500",
        (("虎丘区", "320505"), ("吴中区", "320506"), ("昆山市", "320583")),
    ),
    ("江苏省", "86320000", "无锡市", "86320200", "320200", (("锡山区", "320205"), ("滨湖区", "320211"))),
    (
        "广东省",
        "86440000",
        "广州市",
        "86440100",
        "440100",
        (("天河区", "440106"), ("海珠区", "440105"), ("番禺区", "440113")),
    ),
    (
        "广东省",
        "86440000",
        "深圳市",
        "86440300",
        "440300",
        (("福田区", "440304"), ("南山区", "440305"), ("宝安区", "440306")),
    ),
    (
        "四川省",
        "86510000",
        "成都市",
        "86510100",
        "510100",
        (("武侯区", "510107"), ("锦江区", "510104"), ("双流区", "510116")),
    ),
    ("浙江省", "86330000", "杭州市", "86330100", "330100", (("西湖区", "330106"), ("滨江区", "330108"))),
)
HEAD_OFFICE = ("86000000", "G人寿总公司", "110000")
ROADS = (
    "解放路",
    "人民路",
    "文化路",
    "中山路",
    "建设路",
    "滨江路",
    "大学路",
    "黄河路",
    "和平路",
    "金融路",
    "迎宾路",
    "光明路",
)
ESTATES = (
    "幸福里",
    "阳光花园",
    "书香门第",
    "翠湖小区",
    "御景湾",
    "金色家园",
    "万科城",
    "恒大名都",
    "绿地世纪城",
    "碧桂园",
)
EMAIL_HOSTS = ("163.com", "126.com", "qq.com", "sina.com", "outlook.com")
MOBILE_HEADS = [
    "130",
    "131",
    "132",
    "133",
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "151",
    "152",
    "153",
    "155",
    "156",
    "157",
    "158",
    "159",
    "166",
    "170",
    "173",
    "175",
    "176",
    "177",
    "178",
    "180",
    "181",
    "182",
    "183",
    "185",
    "186",
    "187",
    "188",
    "189",
    "191",
    "193",
    "195",
    "198",
    "199",
]
PLACEHOLDER_MOBILES = ("13800000000", "13800138000", "10000000000", "13888888888")
PLACEHOLDER_ID = "111111111111111111"

ID_TYPES = ("ID", "PASSPORT", "HKMO", "TW", "FPR", "BIRTH", "MIL", "OTHER")
BANCA_ID = {
    "ID": "01",
    "PASSPORT": "02",
    "MIL": "03",
    "HKMO": "04",
    "TW": "05",
    "FPR": "06",
    "BIRTH": "07",
    "OTHER": "99",
}
BROKER_ID = {
    "ID": "身份证",
    "PASSPORT": "护照",
    "HKMO": "港澳居民来往内地通行证",
    "TW": "台湾居民来往大陆通行证",
    "FPR": "外国人永久居留身份证",
    "MIL": "军官证",
    "BIRTH": "出生证",
    "OTHER": "其他",
}
EDUCATION = ("PRIMARY", "JUNIOR", "SENIOR", "COLLEGE", "BACHELOR", "MASTER", "DOCTOR")
BANCA_EDUCATION = {code: str(i + 1) for i, code in enumerate(EDUCATION)}
MARITAL = ("S", "M", "D", "W")
BANCA_MARITAL = {code: str(i + 1) for i, code in enumerate(MARITAL)}
RELATIONS = ("SELF", "SPOUSE", "CHILD", "PARENT", "OTHER")
BANCA_RELATION = {"SELF": "00", "SPOUSE": "01", "CHILD": "02", "PARENT": "03", "OTHER": "99"}
BANCA_STATUS = {
    "ACTIVE": "01",
    "LAPSED": "02",
    "SURRENDERED": "03",
    "CANCELLED": "04",
    "DEATH": "05",
    "MATURED": "06",
    "PAIDUP": "07",
    "REPUDIATED": "08",
}
BANCA_EVENT = {
    "ISSUE": "10",
    "COOLING_OFF_CANCEL": "11",
    "LAPSE": "20",
    "REINSTATE": "21",
    "SURRENDER": "30",
    "DEATH_CLAIM": "40",
    "MATURITY": "50",
    "PAIDUP": "60",
}
PAY_MODES = {"SINGLE": 0, "ANNUAL": 1, "SEMI": 2, "QUARTERLY": 4, "MONTHLY": 12}
BANCA_PAY_MODE = {"SINGLE": "0", "ANNUAL": "12", "SEMI": "6", "QUARTERLY": "3", "MONTHLY": "1"}
LINES = {
    "LIFE": "终身寿险",
    "ANNUITY": "年金保险",
    "CI": "重大疾病保险",
    "MEDICAL": "医疗保险",
    "ACCIDENT": "意外伤害保险",
}
PRODUCT_WORDS = ("福满堂", "金生", "稳盈", "百万", "安康", "传家", "如意", "鑫享")
PRODUCT_CHANNELS = ("IND|BRK|BANCA", "IND|BRK", "BANCA", "IND", "BRK", "IND|BANCA", "BRK|BANCA", "IND|BRK|BANCA")

AGENT_EDUCATION = ("初中", "高中", "大专", "本科", "硕士", "博士")
JOB_LEVELS = ("见习", "业务员", "业务主任", "业务经理", "高级经理", "总监")
SALES_AREAS = ("第一营业区", "第二营业区", "第三营业区", "第四营业区")
COURSES = {"管理": "M", "服务": "S", "营销": "Y", "合规": "H"}
COURSE_NAMES = {"管理": "团队管理", "服务": "客户服务", "营销": "营销技能", "合规": "合规经营"}
COURSE_FORMS = ("开放式", "封闭式", "线上")
PROSPECT_ORIGINS = ("转介绍", "活动", "公众号", "陌拜", "名片")
PROSPECT_TAGS = ("高净值", "老客户推荐", "健康意识强", "有车", "有房", "二孩家庭", "企业主")

PARTNER_WORDS = (
    "华信",
    "泛华",
    "明亚",
    "大童",
    "永达理",
    "同昌",
    "安润",
    "众合",
    "瑞丰",
    "恒信",
    "嘉诚",
    "鼎盛",
    "中联",
    "海纳",
    "博雅",
)
PARTNER_KINDS = ("保险代理有限公司", "保险经纪有限公司", "保险销售服务有限公司")
PARTNER_STATES = ("合作中", "暂停", "退出")
VIOLATION_TYPES = ("返佣", "未按规定双录", "虚列费用", "资料造假", "销售误导")
AUTHORITIES = ("国家金融监督管理总局江苏监管局", "国家金融监督管理总局广东监管局", "四川监管局", "公司内部")
BROKER_REMARKS = ("VIP", "老客户", "客户要求电话联系", "换手机号了", "配偶也有保单", "转介绍", "家里两套房")
BROKER_TAGS = ("高净值", "教师", "有二胎", "价格敏感", "企业主", "企业主;高净值")

BANKS = (
    ("B01", "中国工商银行"),
    ("B02", "中国建设银行"),
    ("B03", "招商银行"),
    ("B04", "中国农业银行"),
    ("B05", "江苏银行"),
    ("B06", "平安银行"),
)
OUTLET_STATES = ("营业", "停业")
INTERESTS = ("终身寿", "年金", "重疾", "医疗", "意外")

SCENES = ("ADD_SCENE_SEARCH", "ADD_SCENE_QR_CODE", "ADD_SCENE_PROFILE_CARD", "ADD_SCENE_PAID", "ADD_SCENE_OTHERS")
WECHAT_TAGS = ((10, "星标组"), (11, "普通客户"), (12, "活动客户"), (100, "高意向"), (101, "已购"), (102, "养老关注"))
CAMPAIGNS = ("开门红", "健康节", "司庆", "家庭日", "养老季", "年货节")
WECHAT_EVENTS = ("VIEW", "CLICK", "SCAN", "campaign_signup", "need_survey")
NEEDS = ("LIFE", "CI", "MEDICAL", "ANNUITY", "ACCIDENT")

ACTIVITY_KINDS = ("VISIT", "PHONE", "EMAIL", "IM")
ACTIVITY_NOTES = (
    "续期提醒",
    "客户已移居外地，联系困难",
    '介绍新品，"考虑一下"',
    "约定下周面谈\n带计划书",
    "家庭保障检视",
    "退保挽留",
)
CRM_TAGS = (
    ("客户价值", "高"),
    ("客户价值", "中"),
    ("偏好", "电话"),
    ("偏好", "微信"),
    ("风险", "投诉倾向"),
    ("兴趣", "养老社区"),
    ("家庭", "二孩"),
)
COMPANIES = ("个体", "恒力科技有限公司", "第一中学", "市人民医院", "远洋贸易公司", "")
TITLES = ("经理", "店主", "教师", "医生", "工程师", "")
COMPLAINTS = ("销售误导", "理赔争议", "服务态度", "退保纠纷", "续期扣款")
COMMENTS = ("服务很好", "代理人不错", "理赔太慢", "", "还可以")
