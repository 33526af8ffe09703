"""SMS Notify!, as CDYNE's customers know it: sms.svc, its superset Messaging.svc, and the first version, SMS.asmx.

The operations translate between the interface's vocabulary and the room `texts`; they decide nothing themselves.
"""
